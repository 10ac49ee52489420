/** Passphrases of offline keys: from the terminal, a private file or an inherited descriptor. */
import type { Command } from 'commander';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { refuseIfOpen } from './key-files.ts';

export interface PassphraseOptions {
  readonly passphraseFile?: string;
  readonly passphraseFd?: string;
}

export const withPassphrase = (command: Command): Command =>
  command
    .option('--passphrase-file <file>', 'first line is the passphrase; mode 0600, or - for standard input')
    .option('--passphrase-fd <n>', 'read it from this open file descriptor');

const LEAST = 10;

/** Asks twice, and for at least ten characters, where the passphrase is `fresh`. */
export async function askPassphrase(
  context: CliContext,
  what: string,
  { passphraseFile, passphraseFd }: PassphraseOptions,
  fresh = false,
): Promise<string> {
  if (passphraseFd !== undefined && !/^[0-9]{1,4}$/.test(passphraseFd)) {
    throw new CliError('--passphrase-fd wants a number.', { exitCode: EXIT.usage });
  }
  if (passphraseFile !== undefined && passphraseFile !== '-') await refuseIfOpen(passphraseFile);
  const file = passphraseFd === undefined ? passphraseFile : `/dev/fd/${passphraseFd}`;
  const passphrase = await context.askSecret({ what, file, confirm: fresh, option: '--passphrase-file' });
  if (passphrase === '' || (fresh && passphrase.length < LEAST)) {
    throw new CliError(passphrase === '' ? 'The passphrase is empty.' : 'The passphrase is too short.', {
      hint: `At least ${LEAST} characters: it is all that protects the keys if the files are copied.`,
      exitCode: EXIT.usage,
    });
  }
  return passphrase;
}
