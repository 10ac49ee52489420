/**
 * Release folders are read-only: a service that writes into its own release (caches, logs) would make it differ
 * from what was signed, and it could no longer serve as a parachute. Files keep the mode that was signed.
 */
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@fairlead/toolkit/durable-files';
import { isMissing } from './disk-errors.ts';

/** Takes the write permission from every folder of the tree, durably. */
export async function makeReadOnly(folder: string): Promise<void> {
  await forEachFolder(folder, async (each) => {
    await chmod(each, 0o555);
    await syncFolder(each);
  });
}

/** Removes a tree, read-only folders included; absent is fine. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await forEachFolder(folder, (each) => chmod(each, 0o755));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await rm(folder, { recursive: true, force: true });
}

/** Parents first, so that a folder is readable before it is listed; links are never followed. */
async function forEachFolder(folder: string, act: (folder: string) => Promise<void>): Promise<void> {
  await act(folder);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await forEachFolder(join(folder, entry.name), act);
  }
}
