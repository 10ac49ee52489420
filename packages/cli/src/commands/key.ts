/** The encrypted offline keys of this machine. */
import { generateKeyPair } from '@fairlead/shared/trust/ed25519';
import { OFFLINE_ROLES, type OfflineRole, sealKey } from '@fairlead/shared/trust/sealed-key';
import { keyIdOf } from '@fairlead/shared/trust/verify-ed25519';
import { Argument, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { listKeys, writeKeyFile } from '../trust/key-files.ts';
import { askPassphrase, type PassphraseOptions, withPassphrase } from '../trust/passphrase.ts';

export function addKeyCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const key = program.command('key').description('offline keys of this machine, encrypted');
  withPassphrase(key.command('create').description('make a key; it signs nothing until a role names it'))
    .addArgument(new Argument('<role>', 'what it shall sign').choices([...OFFLINE_ROLES]))
    .action(async (role: OfflineRole, options: PassphraseOptions) => {
      const passphrase = await askPassphrase(context, `New passphrase of the ${role} key`, options, true);
      const { seed, publicKey } = generateKeyPair();
      const file = await writeKeyFile(context.home, sealKey({ role, seed, passphrase }));
      seed.fill(0);
      out.done({ role, publicKey, keyid: keyIdOf(publicKey), file }, () => {
        out.line(`A ${role} key is made: ${file}`, 'good');
        out.line(`public key ${publicKey}`);
      });
    });
  key
    .command('list')
    .description('public halves of the keys in this home')
    .action(async () => {
      const keys = (await listKeys(context.home)).map(({ role, publicKey }) => ({
        role,
        publicKey,
        keyid: keyIdOf(publicKey),
      }));
      out.done({ items: keys }, () => {
        if (keys.length === 0)
          return out.line('There are no keys in this home. fairlead trust init makes them.', 'dim');
        // Two lines each: a public key is as wide as half a terminal, and is copied whole.
        for (const { role, keyid, publicKey } of keys) {
          out.line(`${role}  key id ${keyid.slice(0, 16)}`, 'strong');
          out.line(`  public key ${publicKey}`);
        }
      });
    });
}
