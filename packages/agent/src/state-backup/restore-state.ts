/** Puts saved state back exactly: contents, modes, owners, and nothing that appeared since. Idempotent. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rmdir, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { hashFile, readChunks } from '@fairlead/toolkit/bundle/hash-file';
import { syncFolder, TEMP_MARK } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { lookAt, openFolderIn, openPlace, pathIn, unlessExisting, unlessMissing } from './open-folder.ts';
import { contentsOf, nameIn, readIndex, type SavedFile, type StateEntry } from './state-index.ts';

/** Resolves once durable. Throws a Failure where the backup is lost. The services that use the state must stand still. */
export async function restoreState(folder: string): Promise<void> {
  const index = await readIndex(folder);
  // An older release that meets the state of a newer one may do anything: not to restore it is never silent.
  if (!index) throw new Failure(lost(folder));
  const contents = contentsOf(folder);
  // All of it before any of it: half of an old state is worse than the whole of the new one.
  for (const entry of index.entries) if (entry.type === 'file') await checkContent(entry, contents);
  const saved: Saved = { contents, inside: childrenOf(index.entries) };
  const roots = index.entries.filter((entry) => index.roots.includes(entry.path));
  // What appeared since goes first: on a full disk it makes the room.
  for (const root of roots) await at(root, (parent, name) => removeUnknown(parent, name, root, saved));
  for (const root of roots) {
    await at(root, async (parent, name) => {
      await restoreEntry(parent, name, root, saved);
      // Names that were removed or made must be durable too.
      await syncFolder(pathIn(parent, '.'));
    });
  }
}

interface Saved {
  readonly contents: string;
  /** Of each saved folder what lies in it. */
  readonly inside: ReadonlyMap<string, readonly StateEntry[]>;
}

const childrenOf = (entries: readonly StateEntry[]): Saved['inside'] =>
  Map.groupBy(entries, ({ path }) => dirname(path));

async function at(root: StateEntry, act: (parent: FileHandle, name: string) => Promise<void>): Promise<void> {
  const place = await openPlace(root.path, root.type !== 'absent');
  if (!place) return;
  try {
    await act(place.parent, place.name);
  } finally {
    await place.parent.close();
  }
}

async function checkContent({ sha256, path }: SavedFile, contents: string): Promise<void> {
  const content = join(contents, sha256);
  const found = await hashFile(content).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (found?.sha256 !== sha256) throw new Failure(damaged(content, path, found === undefined));
}

/** Depth first; links are removed, never followed. */
async function removeUnknown(
  parent: FileHandle,
  name: string,
  entry: StateEntry | undefined,
  saved: Saved,
): Promise<void> {
  const found = await lookAt(parent, name);
  if (!found) return;
  const type = typeOf(found);
  // Sockets and the like were never saved, so nobody can say whether they belong here.
  if (!entry && type === 'other') return;
  if (entry?.type !== type) return removeTree(parent, name, found);
  if (type !== 'folder') return;
  const wanted = new Map((saved.inside.get(entry.path) ?? []).map((child) => [nameIn(child), child]));
  await inFolder(parent, name, async (folder) => {
    for (const each of await readdir(pathIn(folder, '.'))) await removeUnknown(folder, each, wanted.get(each), saved);
  });
}

async function removeTree(parent: FileHandle, name: string, found: Stats): Promise<void> {
  if (!found.isDirectory()) return unlink(pathIn(parent, name)).catch(unlessMissing);
  await inFolder(parent, name, async (folder) => {
    for (const each of await readdir(pathIn(folder, '.'))) {
      const inside = await lookAt(folder, each);
      if (inside) await removeTree(folder, each, inside);
    }
  });
  await rmdir(pathIn(parent, name)).catch(unlessMissing);
}

async function restoreEntry(parent: FileHandle, name: string, entry: StateEntry, saved: Saved): Promise<void> {
  if (entry.type === 'absent') return;
  if (entry.type === 'file') return restoreFile(parent, name, entry, saved);
  if (entry.type === 'link') {
    await unlink(pathIn(parent, name)).catch(unlessMissing);
    return symlink(entry.target, pathIn(parent, name));
  }
  await mkdir(pathIn(parent, name)).catch(unlessExisting);
  await inFolder(parent, name, async (folder) => {
    if (isOthers(await folder.stat(), entry)) await folder.chown(entry.uid, entry.gid).catch(() => {});
    await folder.chmod(entry.mode);
    for (const child of saved.inside.get(entry.path) ?? []) await restoreEntry(folder, nameIn(child), child, saved);
    await folder.sync();
  });
}

async function restoreFile(parent: FileHandle, name: string, entry: SavedFile, { contents }: Saved): Promise<void> {
  const temp = pathIn(parent, `.${name}${TEMP_MARK}restore`);
  // Made anew: what lies there under this name may be a link to a file of another user, or that file itself.
  await unlink(temp).catch(unlessMissing);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(temp, flags, 0o600);
  try {
    for await (const chunk of readChunks(join(contents, entry.sha256))) await handle.writeFile(chunk);
    // Before the fsync: after a cut the application must find not only its bytes but be allowed to read them.
    if (isOthers(await handle.stat(), entry)) await handle.chown(entry.uid, entry.gid).catch(() => {});
    await handle.chmod(entry.mode);
    await handle.utimes(entry.mtimeMs / 1000, entry.mtimeMs / 1000);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temp, pathIn(parent, name));
}

async function inFolder(parent: FileHandle, name: string, act: (folder: FileHandle) => Promise<void>): Promise<void> {
  const folder = await openFolderIn(parent, name);
  try {
    await act(folder);
  } finally {
    await folder.close();
  }
}

/** An agent that is not root can't give files away, and did not own others when it saved them. */
const isOthers = (found: Owner, wanted: Owner): boolean => found.uid !== wanted.uid || found.gid !== wanted.gid;
type Owner = Pick<SavedFile, 'uid' | 'gid'>;

function typeOf(found: Stats): StateEntry['type'] | 'other' {
  if (found.isSymbolicLink()) return 'link';
  if (found.isDirectory()) return 'folder';
  return found.isFile() ? 'file' : 'other';
}

const lost = (folder: string) =>
  ({
    phase: 'roll-back',
    element: folder,
    category: 'backup_lost',
    detail: 'The saved state of the previous release is no longer on the disk.',
    retryable: false,
    hint: 'Restore the state by hand if the previous release needs it; check the disk.',
  }) as const;

const damaged = (content: string, path: string, isGone: boolean) =>
  ({
    phase: 'roll-back',
    element: content,
    category: 'backup_damaged',
    detail: `What was saved of ${path} is ${isGone ? 'no longer on the disk' : 'not what was saved any more'}.`,
    retryable: false,
    hint: 'Nothing of the state was put back. Restore it by hand if the previous release needs it; check the disk.',
  }) as const;
