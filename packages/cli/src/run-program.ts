/** Runs one command and turns however it ends into an exit code and at most a few lines on stderr. */

import { printable } from '@fairlead/shared/printable';
import { wrapLine } from '@fairlead/toolkit/wrap';
import { CommanderError } from 'commander';
import { EXIT, toCliError } from './cli-error.ts';
import type { TextStream } from './output.ts';
import type { Program } from './program.ts';

/** Never throws. `argv` without node and script. */
export async function runProgram({ command, context }: Program, argv: readonly string[], stderr: TextStream) {
  try {
    await command.parseAsync(argv, { from: 'user' });
    return EXIT.ok;
  } catch (thrown) {
    // Commander has already printed its sentence; its own codes (help: 0, mistakes: 1) become ours.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (thrown instanceof Error && thrown.name === 'ExitPromptError') return EXIT.failed;
    const error = toCliError(thrown, addressOf(context));
    const { where, hint, exitCode = EXIT.failed, refusal, problem, mistakes } = error.options;
    if (context.out.json) {
      stderr.write(
        `${JSON.stringify({ error: { message: error.message, where, hint, exitCode, refusal, problem, mistakes } })}\n`,
      );
    } else {
      const width = (stderr.isTTY && stderr.columns) || Number.POSITIVE_INFINITY;
      const show = (text: string) => stderr.write(`${wrapLine(printable(text), width).join('\n')}\n`);
      show(`error: ${error.message}`);
      for (const mistake of mistakes ?? []) show(`       ${mistake}`);
      if (where !== undefined) show(`where: ${where}`);
      if (hint !== undefined) show(`next:  ${hint}`);
    }
    return exitCode;
  }
}

/** A damaged session file must not hide the first error. */
function addressOf(context: Program['context']): string {
  try {
    return context.server();
  } catch {
    return 'unknown';
  }
}
