/** The key of session tokens: made at the first start, never logged. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import type { Store } from '../store/store.ts';

const BYTES = 32;

/** In a file of its own; removing it ends all sessions. */
export async function openSessionSecret(dataFolder: string): Promise<Uint8Array> {
  const file = join(dataFolder, 'session-secret');
  try {
    const kept = await readFile(file);
    if (kept.length === BYTES) return kept;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const secret = randomBytes(BYTES);
  await writeDurably(file, secret, { mode: 0o600 });
  return secret;
}

/**
 * For replicas: in the database, where each of them finds what the first one made, so that whoever logged in at one is
 * known to all. Deleting the row `session-secret` of the settings ends all sessions with the next start.
 */
export const sharedSessionSecret = (store: Store): Promise<Uint8Array> =>
  store.transaction(async ({ settings }) => {
    const kept = await settings.find('session-secret');
    if (typeof kept === 'string' && kept.length === 2 * BYTES) return Buffer.from(kept, 'hex');
    const secret = randomBytes(BYTES);
    await settings.save('session-secret', secret.toString('hex'));
    return secret;
  });
