/** The key of session tokens: made at the first start, kept in a file of its own, never logged. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@fairlead/toolkit/durable-files';

const BYTES = 32;

/** Removing the file ends all sessions. */
export async function openSessionSecret(dataFolder: string): Promise<Uint8Array> {
  const file = join(dataFolder, 'session-secret');
  try {
    const kept = await readFile(file);
    if (kept.length === BYTES) return kept;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const secret = randomBytes(BYTES);
  await writeDurably(file, secret, { mode: 0o600 });
  return secret;
}
