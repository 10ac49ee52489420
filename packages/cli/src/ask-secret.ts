/**
 * Passwords and passphrases come from the terminal or a file, never from an argument or the environment:
 * both are readable by other processes and end up in shell histories.
 */
import { readFile } from 'node:fs/promises';
import { describeFileError } from '@fairlead/toolkit/file-error';
import { decodeText } from '@fairlead/toolkit/yaml/decode-text';
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
    if (file === '-') return firstLine(await readAll(stdin), { what, from: 'standard input' });
    if (file !== undefined) {
      const content = await readFile(file).catch((error: unknown) => {
        throw new CliError(`${what} cannot be read: ${describeFileError(error)}.`, {
          where: file,
          hint: `Give another file with ${option} FILE.`,
          exitCode: EXIT.usage,
        });
      });
      return firstLine(content, { what, from: file });
    }
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

/** Editors on Windows add a byte order mark and line ends of two characters: neither belongs to a secret. */
function firstLine(content: Uint8Array, { what, from }: { readonly what: string; readonly from: string }): string {
  const decoded = decodeText(content);
  const [line = ''] = decoded.ok && !decoded.value.isDamaged ? decoded.value.text.split(/\r?\n/, 1) : [];
  if (line !== '') return line;
  const reason = decoded.ok && !decoded.value.isDamaged ? 'its first line is empty' : 'it is not UTF-8';
  throw new CliError(`${what} cannot be read: ${reason}.`, {
    where: from,
    hint: 'Write the secret alone into the first line, as UTF-8.',
    exitCode: EXIT.usage,
  });
}

async function readAll(stream: NodeJS.ReadableStream): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
