/** Before something that robots will feel: a person reads what will happen and says yes. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { printable } from '@fairlead/shared/printable';
import { wrapLine } from '@fairlead/toolkit/wrap';
import type { Terminal } from './ask-secret.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { TextStream } from './output.ts';

/** Resolves true on yes. Throws a usage error where nobody can be asked. */
export type AskYesNo = (question: string) => Promise<boolean>;

export const yesNoAsker =
  (stdin: Terminal, stderr: NodeJS.WritableStream & Pick<TextStream, 'isTTY' | 'columns'>): AskYesNo =>
  async (question) => {
    if (stdin.isTTY !== true) {
      throw new CliError('This needs a yes, and there is no terminal to ask on.', {
        where: question.replaceAll('\n', ' '),
        hint: 'Give --yes once you have read what it does.',
        exitCode: EXIT.usage,
      });
    }
    // A question quotes what robots report: it must not repaint what the person reads before the yes.
    const lines = question.split('\n').map(printable);
    const width = (stderr.isTTY === true && stderr.columns) || Number.POSITIVE_INFINITY;
    const shown = `${lines.join('\n')} [y/N]`.split('\n').flatMap((line) => wrapLine(line, width));
    const terminal = createInterface({ input: stdin, output: stderr });
    try {
      // Ctrl-D and Ctrl-C end the question without an answer, and that is no yes: a terminal rejects it, a pipe closes.
      const closed = once(terminal, 'close').then(() => undefined);
      const asked = terminal.question(`${shown.join('\n')} `).catch(noWhereAborted);
      const answer = await Promise.race([asked, closed]);
      // Nobody pressed Enter: what is said next begins on a line of its own.
      if (answer === undefined) stderr.write('\n');
      return /^y(es)?$/i.test(answer?.trim() ?? '');
    } finally {
      terminal.close();
    }
  };

function noWhereAborted(error: unknown): undefined {
  if (error instanceof Error && error.name === 'AbortError') return undefined;
  throw error;
}
