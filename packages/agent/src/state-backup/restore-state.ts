/** Puts saved state back exactly: contents, modes, owners, and nothing that appeared since. Idempotent. */
import { constants } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { hashFile, readChunks } from '@fairlead/toolkit/bundle/hash-file';
import { syncFolder, TEMP_MARK } from '@fairlead/toolkit/durable-files';
import { isMissing } from '../releases/disk-errors.ts';
import { contentsOf, readIndex, type SavedFile, type StateEntry } from './state-index.ts';

/** Resolves once durable. Throws a Failure where the backup is lost. The services that use the state must stand still. */
export async function restoreState(folder: string): Promise<void> {
  const index = await readIndex(folder);
  // An older release that meets the state of a newer one may do anything: not to restore it is never silent.
  if (!index) throw new Failure(lost(folder));
  // All of it before any of it: half of an old state is worse than the whole of the new one.
  for (const entry of index.entries) if (entry.type === 'file') await checkContent(entry, contentsOf(folder));
  const wanted = new Map(index.entries.map((entry) => [entry.path, entry]));
  for (const root of index.roots) await removeUnknown(root, wanted);
  for (const entry of index.entries) await restoreEntry(entry, contentsOf(folder));
  // Names that were removed or made must be durable too.
  for (const entry of index.entries) if (entry.type === 'folder') await syncFolder(entry.path);
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
async function removeUnknown(path: string, wanted: ReadonlyMap<string, StateEntry>): Promise<void> {
  const found = await typeOf(path);
  if (found === 'absent') return;
  const entry = wanted.get(path);
  // Sockets and the like were never saved, so nobody can say whether they belong here.
  if (!entry && found === 'other') return;
  if (entry?.type !== found) return rm(path, { recursive: true, force: true });
  if (found !== 'folder') return;
  for (const name of await readdir(path)) await removeUnknown(join(path, name), wanted);
}

async function restoreEntry(entry: StateEntry, contents: string): Promise<void> {
  if (entry.type === 'absent') return;
  if (entry.type === 'link') {
    await rm(entry.path, { force: true });
    return symlink(entry.target, entry.path);
  }
  if (entry.type === 'file') return restoreFile(entry, join(contents, entry.sha256));
  await mkdir(entry.path, { recursive: true });
  await chmod(entry.path, entry.mode);
  const found = await lstat(entry.path);
  if (isOthers(found, entry)) await chown(entry.path, entry.uid, entry.gid).catch(() => {});
}

async function restoreFile(entry: SavedFile, content: string): Promise<void> {
  await mkdir(dirname(entry.path), { recursive: true });
  const temp = join(dirname(entry.path), `.${basename(entry.path)}${TEMP_MARK}restore`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const handle = await open(temp, flags, 0o600);
  try {
    for await (const chunk of readChunks(content)) await handle.writeFile(chunk);
    // Before the fsync: after a cut the application must find not only its bytes but be allowed to read them.
    if (isOthers(await handle.stat(), entry)) await handle.chown(entry.uid, entry.gid).catch(() => {});
    await handle.chmod(entry.mode);
    await handle.utimes(entry.mtimeMs / 1000, entry.mtimeMs / 1000);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temp, entry.path);
  await syncFolder(dirname(entry.path));
}

/** An agent that is not root can't give files away, and did not own others when it saved them. */
const isOthers = (found: Owner, wanted: Owner): boolean => found.uid !== wanted.uid || found.gid !== wanted.gid;
type Owner = Pick<SavedFile, 'uid' | 'gid'>;

async function typeOf(path: string): Promise<StateEntry['type'] | 'other'> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return 'link';
    if (found.isDirectory()) return 'folder';
    return found.isFile() ? 'file' : 'other';
  } catch (error) {
    if (isMissing(error)) return 'absent';
    throw error;
  }
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
