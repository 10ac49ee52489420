/**
 * Saves the mutable state that a release declares, durably, with modes and owners. Saving again into the same
 * folder copies only what has changed: `prove-parachute` copies while the services run and may take its time,
 * `switch` brings it up to date in the moment in which they stand still.
 */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readdir, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import type { Sha256 } from '@fairlead/shared/ids';
import { readChunks } from '@fairlead/toolkit/bundle/hash-file';
import { makeFolderDurably, syncFolder, TEMP_MARK } from '@fairlead/toolkit/durable-files';
import { systemCode } from '@fairlead/toolkit/file-error';
import { badPath, lookAt, openFolderIn, openPlace, pathIn } from './open-folder.ts';
import { contentsOf, readIndex, type SavedFile, type StateEntry, writeIndex } from './state-index.ts';
import { notPermitted } from './state-refusals.ts';

/** Resolves once durable. `roots` are absolute; sockets, pipes and devices in them are no state and are left out. */
export async function saveState(folder: string, roots: readonly string[]): Promise<void> {
  await makeFolderDurably(contentsOf(folder), 0o700);
  const before = await readIndex(folder).catch(() => undefined);
  const known = new Map<string, SavedFile>();
  for (const entry of before?.entries ?? []) if (entry.type === 'file') known.set(entry.path, entry);
  const entries: StateEntry[] = [];
  for (const root of roots) {
    for await (const entry of describeRoot(root, { folder, known })) entries.push(entry);
  }
  await syncFolder(contentsOf(folder));
  await writeIndex(folder, { roots: [...roots], entries });
}

interface Saving {
  readonly folder: string;
  readonly known: ReadonlyMap<string, SavedFile>;
}

async function* describeRoot(root: string, saving: Saving): AsyncGenerator<StateEntry, void> {
  const place = await openPlace(root);
  if (!place) return yield { type: 'absent', path: root };
  try {
    const found = await lookAt(place.parent, place.name);
    if (found?.isSymbolicLink())
      throw new Failure(badPath(root, 'it is a link, and what it points at would not be saved'));
    yield* describe(place.parent, place.name, root, saving);
  } finally {
    await place.parent.close();
  }
}

/** The services may be at work: what is gone between two looks at it was not there. */
async function* describe(
  parent: FileHandle,
  name: string,
  path: string,
  saving: Saving,
): AsyncGenerator<StateEntry, void> {
  const absent = { type: 'absent', path } as const;
  const found = await permitted(path, lookAt(parent, name));
  if (!found) return yield absent;
  if (found.isSymbolicLink()) {
    const target = await unlessGone(readlink(pathIn(parent, name)));
    yield target === undefined ? absent : { type: 'link', path, target };
  }
  if (found.isFile())
    yield (await permitted(path, unlessGone(describeFile(parent, name, path, found, saving)))) ?? absent;
  if (!found.isDirectory()) return;
  const folder = await permitted(path, unlessGone(openFolderIn(parent, name)));
  if (!folder) return yield absent;
  try {
    yield { type: 'folder', path, ...ownerOf(await folder.stat()) };
    for (const inside of (await permitted(path, readdir(pathIn(folder, '.')))).toSorted()) {
      yield* describe(folder, inside, join(path, inside), saving);
    }
  } finally {
    await folder.close();
  }
}

const ownerOf = ({ mode, uid, gid }: Stats) => ({ mode: mode & 0o7777, uid, gid });

async function describeFile(
  parent: FileHandle,
  name: string,
  path: string,
  found: Stats,
  { folder, known }: Saving,
): Promise<StateEntry | undefined> {
  const entryOf = ({ size, mtimeMs, ctimeMs, ...owner }: Stats, sha256: Sha256): StateEntry => ({
    type: 'file',
    path,
    mode: owner.mode & 0o7777,
    uid: owner.uid,
    gid: owner.gid,
    size,
    mtimeMs,
    ctimeMs,
    sha256,
  });
  const saved = known.get(path);
  const isSame = saved?.size === found.size && saved.mtimeMs === found.mtimeMs && saved.ctimeMs === found.ctimeMs;
  if (isSame) return entryOf(found, saved.sha256);
  // Not blocking: it may have become a pipe meanwhile.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(pathIn(parent, name), flags);
  try {
    const opened = await file.stat();
    if (!opened.isFile()) return undefined;
    return entryOf(opened, await keepContent(file, contentsOf(folder)));
  } finally {
    await file.close();
  }
}

/** Also what became something else than it was a moment ago is gone. */
async function unlessGone<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (GONE.has(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO']);

/** What the agent may not read, it could not restore either. */
async function permitted<T>(path: string, look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (error) {
    throw notPermitted(error, path, 'read') ?? error;
  }
}

/** Copies a file under the digest of what was copied. */
async function keepContent(file: FileHandle, contents: string): Promise<Sha256> {
  const temp = join(contents, `${TEMP_MARK}${process.pid}`);
  const hash = createHash('sha256');
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const handle = await open(temp, flags, 0o600);
  try {
    for await (const chunk of readChunks(file)) {
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
