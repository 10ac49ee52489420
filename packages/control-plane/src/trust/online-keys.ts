/**
 * The three keys the control plane signs with by itself. Each lies in its own root-only file, so that a KMS can
 * replace one without the others; they are read once and are in no database, log or environment (TRUST 4.3).
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { generateKeyPair, type Signer } from '@fairlead/shared/trust/ed25519';
import { nativeSigner } from '@fairlead/shared/trust/native-signer';
import { createDurably, makeFolderDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';

export interface OnlineKeys {
  readonly snapshot: Signer;
  readonly timestamp: Signer;
  readonly director: Signer;
}

/** Reads the keys from `folder`; makes those that are missing. Throws a `Failure` on a file others may read. */
export async function openOnlineKeys(folder: string): Promise<OnlineKeys> {
  await makeFolderDurably(folder, 0o700);
  const open = (role: keyof OnlineKeys) => openKey(join(folder, `${role}.key`), role);
  return { snapshot: await open('snapshot'), timestamp: await open('timestamp'), director: await open('director') };
}

async function openKey(file: string, role: string): Promise<Signer> {
  const seed = (await readKept(file, role)) ?? (await makeKey(file, role));
  const signer = nativeSigner(seed);
  seed.fill(0);
  return signer;
}

/** Replicas with one folder may all start for the first time: one of them makes the key, and all have it. */
async function makeKey(file: string, role: string): Promise<Uint8Array> {
  const { seed } = generateKeyPair();
  if (await createDurably(file, `${Buffer.from(seed).toString('hex')}\n`, { mode: 0o400 })) return seed;
  seed.fill(0);
  return (await readKept(file, role)) ?? makeKey(file, role);
}

async function readKept(file: string, role: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    if (((await stat(file)).mode & 0o077) !== 0) {
      throw unusable(role, 'Others may read its file.', 'Take the rights away: chmod 0400. Then rotate the key.');
    }
    text = await readFile(file, 'latin1');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if (/^[0-9a-f]{64}\n?$/.test(text)) return Buffer.from(text.trim(), 'hex');
  throw unusable(role, 'Its file is damaged.', 'Restore the key folder from the backup of this control plane.');
}

const unusable = (role: string, detail: string, hint: string): Failure =>
  new Failure({ phase: 'sign', element: `${role} key`, category: 'bad_key_file', detail, retryable: false, hint });
