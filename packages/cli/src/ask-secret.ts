/**
 * Passwords and passphrases come from the terminal or a file, never from an argument or the environment:
 * both are readable by other processes and end up in shell histories.
 */
import { readFile } from 'node:fs/promises';
import { CliError, EXIT } from './cli-error.ts';

export interface SecretQuestion {
  /** What is asked for, as in "Passphrase of the production key". */
  readonly what: string;
  /** A file whose first line is the secret, or '-' for standard input. */
  readonly file?: string | undefined;
  /** Ask twice: for new secrets. */
  readonly confirm?: boolean;
  /** The option that names the file, for the hint. */
  readonly option: string;
}
/** Standard input; `isTTY` decides whether somebody can be asked. */
export type Terminal = NodeJS.ReadableStream & { readonly isTTY?: boolean };
export type AskSecret = (question: SecretQuestion) => Promise<string>;

export const secretAsker =
  (stdin: Terminal, stderr: NodeJS.WritableStream): AskSecret =>
  async ({ what, file, confirm, option }) => {
    if (file === '-') return firstLine(await readAll(stdin));
    if (file !== undefined) return firstLine(await readFile(file, 'utf8'));
    if (stdin.isTTY !== true) {
      throw new CliError(`${what} is needed, and there is no terminal to ask on.`, {
        hint: `Give a file with ${option} FILE (or - for standard input).`,
        exitCode: EXIT.usage,
      });
    }
    const { default: password } = await import('@inquirer/password');
    // The question goes to stderr: stdout may be a pipe that wants only the result.
    const terminal = { input: stdin, output: stderr };
    const secret = await password({ message: `${what}:` }, terminal);
    if (confirm === true && (await password({ message: `${what}, again:` }, terminal)) !== secret) {
      throw new CliError('The two entries differ.', { hint: 'Try again.', exitCode: EXIT.usage });
    }
    return secret;
  };

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? '';

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.toString();
  return text;
}
