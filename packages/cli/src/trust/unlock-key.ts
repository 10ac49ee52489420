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
  withPassphrase(command.option('--key <file>', 'the key file; default: HOME/keys/ROLE.json'));

/** Throws a CliError where the key is not of this role, or the passphrase is wrong. */
export async function unlockKey(
  context: CliContext,
  role: OfflineRole,
  options: KeyOptions,
  passphraseOf = (what: string) => askPassphrase(context, what, options),
): Promise<Signer> {
  const file = options.key ?? keyFile(context.home, role);
  const sealed = await readKeyFile(file);
  if (sealed.role !== role) {
    throw new CliError(`This key signs ${sealed.role}, not ${role}.`, { where: file, exitCode: EXIT.refused });
  }
  const opened = openSealedKey(sealed, await passphraseOf(`Passphrase of the ${role} key`));
  if (opened.ok) return opened.value;
  throw new CliError(`${role} key: ${opened.refused.detail}.`, { where: file, exitCode: EXIT.refused });
}

/** Several keys, all before the first signature: a wrong passphrase must not leave half of the work done. */
export async function unlockKeys<R extends OfflineRole>(
  context: CliContext,
  roles: readonly R[],
  options: KeyOptions,
): Promise<ReadonlyMap<R, Signer>> {
  if (options.key !== undefined && roles.length !== 1) {
    throw new CliError('--key is one key: say which with --role.', { exitCode: EXIT.usage });
  }
  // Standard input and descriptors can be read once, so what comes from there is the passphrase of all.
  const isGiven = options.passphraseFile !== undefined || options.passphraseFd !== undefined;
  const given = isGiven ? await askPassphrase(context, 'Passphrase of the offline keys', options) : undefined;
  const signers = new Map<R, Signer>();
  for (const role of roles) {
    const signer =
      given === undefined ? unlockKey(context, role, options) : unlockKey(context, role, options, async () => given);
    signers.set(role, await signer);
  }
  return signers;
}
