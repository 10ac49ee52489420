/**
 * Saves the mutable state that a release declares, durably, with modes and owners. Saving again into the same
 * folder copies only what has changed: `prove-parachute` copies while the services run and may take its time,
 * `switch` brings it up to date in the moment in which they stand still.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha256 } from '@fairlead/shared/ids';
import { readChunks } from '@fairlead/toolkit/bundle/hash-file';
import { makeFolderDurably, syncFolder, TEMP_MARK } from '@fairlead/toolkit/durable-files';
import { isMissing } from '../releases/disk-errors.ts';
import { contentsOf, readIndex, type SavedFile, type StateEntry, writeIndex } from './state-index.ts';

/** Resolves once durable. `roots` are absolute; sockets, pipes and devices in them are no state and are left out. */
export async function saveState(folder: string, roots: readonly string[]): Promise<void> {
  await makeFolderDurably(contentsOf(folder), 0o700);
  const before = await readIndex(folder).catch(() => undefined);
  const known = new Map<string, SavedFile>();
  for (const entry of before?.entries ?? []) if (entry.type === 'file') known.set(entry.path, entry);
  const entries: StateEntry[] = [];
  for (const root of roots) {
    for await (const entry of describe(root, folder, known)) entries.push(entry);
  }
  await syncFolder(contentsOf(folder));
  await writeIndex(folder, { roots: [...roots], entries });
}

type Known = ReadonlyMap<string, SavedFile>;

/** The services may be at work: what is gone between two looks at it was not there. */
async function* describe(path: string, folder: string, known: Known): AsyncGenerator<StateEntry, void> {
  const absent = { type: 'absent', path } as const;
  const found = await unlessGone(lstat(path));
  if (!found) return yield absent;
  const owner = { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
  if (found.isSymbolicLink()) {
    const target = await unlessGone(readlink(path));
    yield target === undefined ? absent : { type: 'link', path, target };
  }
  if (found.isFile()) {
    const { size, mtimeMs, ctimeMs } = found;
    const saved = known.get(path);
    const same = saved?.size === size && saved.mtimeMs === mtimeMs && saved.ctimeMs === ctimeMs;
    const sha256 = same ? saved.sha256 : await unlessGone(keepContent(path, contentsOf(folder)));
    yield sha256 === undefined ? absent : { type: 'file', path, ...owner, size, mtimeMs, ctimeMs, sha256 };
  }
  if (!found.isDirectory()) return;
  const names = await unlessGone(readdir(path));
  yield names ? { type: 'folder', path, ...owner } : absent;
  for (const name of (names ?? []).toSorted()) yield* describe(join(path, name), folder, known);
}

async function unlessGone<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Copies a file under the digest of what was copied; follows no link. */
async function keepContent(path: string, contents: string): Promise<Sha256> {
  const temp = join(contents, `${TEMP_MARK}${process.pid}`);
  const hash = createHash('sha256');
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const handle = await open(temp, flags, 0o600);
  try {
    for await (const chunk of readChunks(path)) {
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  const sha256 = hash.digest('hex') as Sha256;
  await rename(temp, join(contents, sha256));
  return sha256;
}
