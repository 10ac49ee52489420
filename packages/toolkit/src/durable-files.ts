/**
 * The one way Fairlead writes: temp file beside the target, fsync, rename, fsync of the folder. After a power
 * cut a reader finds the whole old content or the whole new content, never a mixture and never nothing.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isExisting, isFolder, isMissing, systemCode } from './file-error.ts';

/** Suffix of temp files, so that a janitor can sweep what a crash left. */
export const TEMP_MARK = '.fairlead-tmp-';

const tempBeside = (path: string): string =>
  join(dirname(path), `.${basename(path)}${TEMP_MARK}${randomBytes(6).toString('hex')}`);

/**
 * Replaces `path` atomically and durably. `mode` is set before any content is written. With an `owner` both are set
 * exactly, whatever the umask; only root may name another owner than itself.
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number; owner?: { readonly uid: number; readonly gid: number } } = {},
): Promise<void> {
  const { mode = 0o644, owner } = options;
  const temp = tempBeside(path);
  try {
    const handle = await open(temp, 'wx', owner ? 0o600 : mode);
    try {
      if (owner) {
        await handle.chown(owner.uid, owner.gid);
        await handle.chmod(mode);
      }
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temp, path);
  } catch (cause) {
    await rm(temp, { force: true });
    throw cause;
  }
  await syncFolder(dirname(path));
}

/** The same for a few bytes where nothing else may happen in between. Blocks the process until the disk has them. */
export function writeDurablySync(path: string, content: string, options: { mode?: number } = {}): void {
  const temp = tempBeside(path);
  try {
    writeFileSync(temp, content, { flag: 'wx', mode: options.mode ?? 0o644, flush: true });
    renameSync(temp, path);
  } catch (cause) {
    rmSync(temp, { force: true });
    throw cause;
  }
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Writes `path` where there is none yet, in whole and durably; false, and nothing is changed, where there is one. */
export async function createDurably(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<boolean> {
  const temp = tempBeside(path);
  try {
    await writeDurably(temp, content, options);
    await link(temp, path);
  } catch (cause) {
    if (isExisting(cause)) return false;
    throw cause;
  } finally {
    await rm(temp, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

/**
 * Points the relative symlink `path` at `to` atomically and durably. A folder in its place (a backup that was restored
 * without links) is moved aside under a temp name.
 */
export async function linkDurably(path: string, to: string): Promise<void> {
  const temp = tempBeside(path);
  try {
    await symlink(to, temp);
    await rename(temp, path).catch(async (cause: unknown) => {
      if (!isFolder(cause)) throw cause;
      await moveAside(path);
      await rename(temp, path);
    });
  } catch (cause) {
    await rm(temp, { force: true });
    throw cause;
  }
  await syncFolder(dirname(path));
}

/** Gives what is in the way a temp name beside it, for a janitor to sweep. */
export const moveAside = (path: string): Promise<void> => rename(path, tempBeside(path));

/** Renames durably inside one file system. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

/** Removes a file or link durably; absent is fine. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/** Makes a folder (and its parents) and makes the entry itself survive a power cut. */
export async function makeFolderDurably(path: string, mode = 0o755): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let folder = path; folder.length >= dirname(first).length; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === dirname(folder)) break;
  }
}

/** fsync of a folder: makes the names in it durable (a rename alone is only in the page cache). */
export async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync();
  } finally {
    await handle?.close();
  }
}

/** Where a link points; undefined where there is nothing, or something that is no link. */
export async function readLink(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isMissing(error) || systemCode(error) === 'EINVAL') return undefined;
    throw error;
  }
}
