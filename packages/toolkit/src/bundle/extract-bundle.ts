/** Unpacks a bundle: into a folder that did not exist, only what the manifest names, durable and read-only. */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import { syncFolder } from '../durable-files.ts';
import { systemCode } from '../file-error.ts';
import type { ExtractBundle } from './bundle.ts';
import { readChunks } from './hash-file.ts';
import { removeTree } from './remove-tree.ts';
import { walkBundle } from './walk-bundle.ts';

/** On disk no file of a release can be written: mode of the manifest without the write bits. */
export const modeOnDisk = (mode: number): number => mode & 0o555;
export const FOLDER_MODE = 0o555;

/**
 * Throws a Failure `disk_full` where there is no room (retryable), and the signal's reason where it was aborted.
 * Whatever the end but success, `to` is gone.
 */
export const extractBundle: ExtractBundle = async ({ bundle, manifest, to, signal, onProgress }) => {
  // Fails where the name exists, be it a folder, a file or a link. 0700 until all is checked.
  await mkdir(to, { mode: 0o700 });
  const folders = new FolderMaker(to);
  const total = manifest.files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const write = async (file: ReleaseFile, content: AsyncIterable<Uint8Array>): Promise<void> => {
    await folders.make(dirname(file.path));
    await writeFile(join(to, file.path), file, content, (bytes) => onProgress?.((done += bytes), total));
  };
  try {
    const walked = await walkBundle({ source: readChunks(bundle), manifest, phase: 'stage', signal, onFile: write });
    if (walked.ok) await folders.seal();
    else await removeTree(to);
    return walked;
  } catch (error) {
    await removeTree(to);
    throw isFull(error) ? noRoom(to, total, error) : error;
  }
};

async function writeFile(
  path: string,
  file: ReleaseFile,
  content: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  // O_EXCL and O_NOFOLLOW: nothing that was already there is ever written through (attack 55).
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(path, flags, 0o600);
  try {
    for await (const piece of content) {
      await writeAll(handle, piece);
      onBytes(piece.length);
    }
    await handle.chmod(modeOnDisk(file.mode));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten;
}

/** Makes each folder once, and closes them all when nothing more is to come. */
class FolderMaker {
  readonly #root: string;
  readonly #made = new Set<string>(['.']);
  constructor(root: string) {
    this.#root = root;
  }

  async make(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    await this.make(dirname(folder));
    await mkdir(join(this.#root, folder), { mode: 0o700 });
    this.#made.add(folder);
  }

  /** Innermost first: a folder's name is durable only once the folder that holds it is. */
  async seal(): Promise<void> {
    for (const folder of [...this.#made].toReversed()) {
      const handle = await open(join(this.#root, folder), constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await handle.chmod(FOLDER_MODE);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    await syncFolder(dirname(this.#root));
  }
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '');

const noRoom = (to: string, total: number, cause: unknown): Failure =>
  new Failure(
    {
      phase: 'stage',
      element: to,
      category: 'disk_full',
      detail: `There is no room for the release's ${total} bytes.`,
      retryable: true,
      hint: 'Free some space on the file system that holds the releases.',
    },
    { cause },
  );
