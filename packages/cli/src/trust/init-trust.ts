/**
 * `fairlead trust init`: a complete set of keys and the first signed repository in one step, for a small team (TRUST
 * 4.2). One key per role, made and encrypted here; the control plane only ever sees what they signed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishApi } from '@fairlead/shared/api/publish-api';
import type { Sha256 } from '@fairlead/shared/ids';
import { checkFirstRepository } from '@fairlead/shared/trust/check-first-repository';
import { generateKeyPair, type Signer, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { type FirstRepository, makeFirstRepository, type OnlinePublicKeys } from '@fairlead/shared/trust/repository';
import { OFFLINE_ROLES, type OfflineRole, sealKey } from '@fairlead/shared/trust/sealed-key';
import { makeFolderDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { CliError, EXIT, refusedError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { listKeys, writeKeyFile } from './key-files.ts';
import { openPublisherTrust, refreshTrust, trustError, trustFolder } from './publisher-trust.ts';

export interface InitialisedTrust {
  readonly rootSha256: Sha256;
  readonly keys: readonly { readonly role: OfflineRole; readonly publicKey: string; readonly file: string }[];
}

/** `askPassphrase` is only asked where keys are really made. */
export async function initTrust(context: CliContext, askPassphrase: () => Promise<string>): Promise<InitialisedTrust> {
  const saved = await readSaved(context);
  const { initialised, onlineKeys } = await context.client().publish.trustState();
  if (initialised && !saved) {
    throw new CliError('This control plane has a trusted root already.', {
      hint: 'To publish from here, pin it: fairlead trust pin --root-sha256 HEX.',
      exitCode: EXIT.refused,
    });
  }
  const made = saved ? { first: saved, keys: [] } : await makeAndSave(context, onlineKeys, await askPassphrase());
  // The same repository twice is a no-op for the server, so an interrupted init is simply run again.
  const { rootSha256 } = await context.client().publish.trustInit({ body: made.first });
  await pin(context, made.first.root);
  return { rootSha256, keys: made.keys };
}

/** Pins exactly what was made here, not what the server now serves, and proves that the whole chain verifies. */
async function pin(context: CliContext, root: string): Promise<void> {
  const trust = await openPublisherTrust(context);
  try {
    const pinned = await trust.pinRoot(Buffer.from(root));
    if (!pinned.ok) throw trustError(pinned.refused);
    await refreshTrust(trust);
  } finally {
    trust.close();
  }
}

async function makeAndSave(context: CliContext, online: OnlinePublicKeys, passphrase: string) {
  const [present] = await listKeys(context.home);
  if (present) {
    throw new CliError(`There is a ${present.role} key already.`, {
      where: context.home,
      hint: 'Keys of another control plane: choose another folder with --home DIR. Of an init that was interrupted: move keys/ away.',
      exitCode: EXIT.refused,
    });
  }
  const signers: Partial<Record<OfflineRole, readonly Signer[]>> = {};
  const keys: InitialisedTrust['keys'][number][] = [];
  for (const role of OFFLINE_ROLES) {
    const { seed, publicKey } = generateKeyPair();
    signers[role] = [signerFromSeed(seed)];
    const file = await writeKeyFile(context.home, sealKey({ role, seed, passphrase }));
    seed.fill(0);
    keys.push({ role, publicKey, file });
  }
  const now = Date.now();
  const first = makeFirstRepository({ now, signers: complete(signers), online });
  const checked = checkFirstRepository(first, { online, now });
  if (!checked.ok) throw refusedError(checked.refused);
  // Before the server hears of it: a repository that only the server had could never be pinned.
  await makeFolderDurably(trustFolder(context), 0o700);
  await writeDurably(savedFile(context), JSON.stringify(first));
  return { first, keys };
}

function complete(signers: Partial<Record<OfflineRole, readonly Signer[]>>): Record<OfflineRole, readonly Signer[]> {
  const { root = [], targets = [], production = [], staging = [], development = [] } = signers;
  return { root, targets, production, staging, development };
}

const savedFile = (context: CliContext): string => join(trustFolder(context), 'first-repository.json');

async function readSaved(context: CliContext): Promise<FirstRepository | undefined> {
  try {
    return parseOwn(publishApi.trustInit.body, await readFile(savedFile(context), 'utf8'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
