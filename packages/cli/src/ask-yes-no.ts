/** Before something that robots will feel: a person reads what will happen and says yes. */
import { createInterface } from 'node:readline/promises';
import type { Terminal } from './ask-secret.ts';
import { CliError, EXIT } from './cli-error.ts';

/** Resolves true on yes. Throws a usage error where nobody can be asked. */
export type AskYesNo = (question: string) => Promise<boolean>;

export const yesNoAsker =
  (stdin: Terminal, stderr: NodeJS.WritableStream): AskYesNo =>
  async (question) => {
    if (stdin.isTTY !== true) {
      throw new CliError('This needs a yes, and there is no terminal to ask on.', {
        where: question,
        hint: 'Give --yes once you have read what it does.',
        exitCode: EXIT.usage,
      });
    }
    const terminal = createInterface({ input: stdin, output: stderr });
    try {
      return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
    } finally {
      terminal.close();
    }
  };
