/** Whether a rollback could restore what was saved, found out before anything is switched. Leaves nothing behind. */
import { constants } from 'node:fs';
import { access, type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { isMissing, systemCode } from '@fairlead/toolkit/file-error';
import { badPath, O_PATH, openPlace, pathIn, pathOf } from './open-folder.ts';
import { readIndex, type StateEntry } from './state-index.ts';
import { notPermitted } from './state-refusals.ts';

/** @throws Failure where a path is the agent's own folder, lies in it or holds it: a rollback would undo the agent. */
export async function checkStatePaths(paths: readonly string[], agentRoot: string): Promise<void> {
  const own = `${await realpath(agentRoot).catch(() => agentRoot)}/`;
  for (const path of paths) {
    const place = await openPlace(path);
    const real = place ? join(await readlink(pathOf(place.parent)), place.name) : path;
    await place?.parent.close();
    if (own.startsWith(`${real}/`) || real.startsWith(own)) {
      throw new Failure(badPath(path, `${agentRoot} is the agent's own folder, and releases have no state there`));
    }
  }
}

/** @throws Failure where a folder of the saved state can't be written, or an owner can't be given back. */
export async function checkRestorable(folder: string): Promise<void> {
  const index = await readIndex(folder);
  const entries = index?.entries ?? [];
  const owners = Map.groupBy(entries, ({ path }) => dirname(path));
  for (const entry of entries) {
    const isRoot = index?.roots.includes(entry.path) ?? false;
    if (isRoot && entry.type !== 'folder') await tryFolder(dirname(entry.path), [entry]);
    if (entry.type === 'folder') await tryFolder(entry.path, [entry, ...(owners.get(entry.path) ?? [])]);
  }
}

/** Once for each owner among `entries`, as the restore would do it. */
async function tryFolder(path: string, entries: readonly StateEntry[]): Promise<void> {
  const place = await openPlace(path);
  if (!place) return;
  let folder: FileHandle;
  try {
    folder = await open(pathIn(place.parent, place.name), O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  } finally {
    await place.parent.close();
  }
  try {
    const owners = new Map(entries.flatMap((each) => ('uid' in each ? [[`${each.uid}:${each.gid}`, each]] : [])));
    const file = await makeFile(folder).catch((error: unknown) => {
      throw notPermitted(error, path, 'write') ?? error;
    });
    if (!file) return;
    try {
      for (const { path: of, uid, gid, mode } of owners.values()) {
        const found = await file.stat();
        if (found.uid === uid && found.gid === gid) continue;
        await file
          .chown(uid, gid)
          .then(() => file.chmod(mode))
          .catch((error: unknown) => {
            throw notPermitted(error, of, 'give back') ?? error;
          });
      }
    } finally {
      await file.close();
    }
  } finally {
    await folder.close();
  }
}

/** A file without a name where the file system has such (O_TMPFILE): no program that watches the folder sees it. */
async function makeFile(folder: FileHandle): Promise<FileHandle | undefined> {
  try {
    return await open(pathOf(folder), constants.O_WRONLY | O_TMPFILE, 0o600);
  } catch (error) {
    // ENOTSUP is what Node calls EOPNOTSUPP. A named file would stay in the state after a power cut: only the right is asked.
    if (!['ENOTSUP', 'EISDIR', 'EINVAL', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
    await access(pathOf(folder), constants.W_OK | constants.X_OK);
    return undefined;
  }
}
/** Node names O_DIRECTORY, which is part of it and differs between processors. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY;
