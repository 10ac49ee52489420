/** Makes a signer of an encrypted key file. */
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { type OfflineRole, openSealedKey } from '@fairlead/shared/trust/sealed-key';
import type { Command } from 'commander';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { keyFile, readKeyFile } from './key-files.ts';
import { askPassphrase, type PassphraseOptions, withPassphrase } from './passphrase.ts';

export interface KeyOptions extends PassphraseOptions {
  readonly key?: string;
}

export const withKey = (command: Command): Command =>
  withPassphrase(command.option('--key <file>', 'the key file; default: HOME/keys/ENVIRONMENT.json'));

/** Throws a CliError where the key is not of this role, or the passphrase is wrong. */
export async function unlockKey(context: CliContext, role: OfflineRole, options: KeyOptions): Promise<Signer> {
  const file = options.key ?? keyFile(context.home, role);
  const sealed = await readKeyFile(file);
  if (sealed.role !== role) {
    throw new CliError(`This key signs ${sealed.role}, not ${role}.`, { where: file, exitCode: EXIT.refused });
  }
  const passphrase = await askPassphrase(context, `Passphrase of the ${role} key`, options);
  const opened = openSealedKey(sealed, passphrase);
  if (opened.ok) return opened.value;
  throw new CliError(`${role} key: ${opened.refused.detail}.`, { where: file, exitCode: EXIT.refused });
}
