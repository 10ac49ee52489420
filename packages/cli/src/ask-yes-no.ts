/** Before something that robots will feel: a person reads what will happen and says yes. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { printable } from '@fairlead/shared/printable';
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
    // A question quotes what robots report: it must not repaint what the person reads before the yes.
    const shown = question.split('\n').map(printable).join('\n');
    const terminal = createInterface({ input: stdin, output: stderr });
    try {
      // Ctrl-D ends the input without an answer: that is no yes.
      const closed = once(terminal, 'close').then(() => '');
      const answer = await Promise.race([terminal.question(`${shown} [y/N] `), closed]);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      terminal.close();
    }
  };
