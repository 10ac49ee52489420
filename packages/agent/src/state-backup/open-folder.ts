/**
 * Folders held open, and names below them. A program that owns a part of the state could put a link in place of a folder
 * between two looks at it; from an open folder a name leads to what lies in this very folder, and a link is never
 * followed. (Node has no openat(2): /proc/self/fd/N/NAME is the same.)
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink } from 'node:fs/promises';
import { Failure, type Refusal } from '@fairlead/shared/failure';
import { isExisting, isMissing } from '@fairlead/toolkit/file-error';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Which Node does not name: the right to pass through a folder is enough for it. */
export const O_PATH = 0o10_000_000;
const ON_THE_WAY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const MOST_LINKS = 40;

export const pathIn = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;
/** The folder itself, by its descriptor. */
export const pathOf = (folder: FileHandle): string => `/proc/self/fd/${folder.fd}`;

/** @throws where it is no folder: a link to one is none. The caller closes it. */
export const openFolderIn = (folder: FileHandle, name: string): Promise<FileHandle> =>
  open(pathIn(folder, name), FOLDER);

/** Undefined where there is nothing of this name. */
export async function lookAt(folder: FileHandle, name: string): Promise<Stats | undefined> {
  try {
    return await lstat(pathIn(folder, name));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export interface Place {
  /** Only for names in it: it can't be listed or synced itself. */
  readonly parent: FileHandle;
  readonly name: string;
}

/**
 * Opens the folder in which `path` lies, step by step. On the way a link is followed only where nobody but root and this
 * agent could have put it (an integrator's /var/lib/duck -> /data/duck). The last name is not looked at.
 * Undefined where a folder on the way is missing; with `make` it is made. @throws Failure where a link is not trusted.
 */
export async function openPlace(path: string, make = false): Promise<Place | undefined> {
  const steps = path.split('/').filter(Boolean);
  const name = steps.pop();
  if (name === undefined) throw new Failure(badPath(path, '/ is the whole machine'));
  let here = await open('/', ON_THE_WAY);
  let links = 0;
  try {
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
      const found = await lookAt(here, step);
      if (!found && !make) {
        await here.close();
        return undefined;
      }
      if (!found) await mkdir(pathIn(here, step)).catch(unlessExisting);
      if (found?.isSymbolicLink()) {
        if (!isTrusted(await here.stat()))
          throw new Failure(badPath(path, `${step} in it is a link that others can change`));
        if ((links += 1) > MOST_LINKS) throw new Failure(badPath(path, 'it leads through too many links'));
        const target = await readlink(pathIn(here, step));
        steps.unshift(...target.split('/').filter(Boolean));
        if (!target.startsWith('/')) continue;
        step = '/';
      }
      const next = await open(step === '/' ? step : pathIn(here, step), ON_THE_WAY);
      await here.close();
      here = next;
    }
    return { parent: here, name };
  } catch (error) {
    await here.close();
    throw error;
  }
}

export function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

export function unlessExisting(error: unknown): void {
  if (!isExisting(error)) throw error;
}

/** Whether nobody but root and ourselves may change the names in this folder. */
const isTrusted = ({ uid, mode }: Stats): boolean => (uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0;

export const badPath = (path: string, why: string): Refusal => ({
  phase: 'prove-parachute',
  element: path,
  category: 'state_path',
  detail: `The state ${path} can't be saved and restored safely: ${why}.`,
  retryable: false,
  hint: 'Name the folder itself in `state.backup` of release.yaml, and let only root change the folders on the way to it.',
});
