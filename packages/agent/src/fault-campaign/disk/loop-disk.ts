/** A real ext4 on an image file: the kernel's own file system, with its journal, on a disk that can lose its cache. */
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { machine, unmount } from './machine.ts';

/** An agent does not begin an update without 64 MiB to spare. Most of it stays a hole. */
const IMAGE_MB = 96;

export async function makeImage(file: string, sizeMb = IMAGE_MB): Promise<void> {
  await writeFile(file, '');
  await truncate(file, sizeMb * 1024 * 1024);
  const options = ['-q', '-F', '-m', '0', '-N', '1024', '-J', 'size=4', '-E', 'nodiscard,lazy_itable_init=0'];
  await machine('mkfs.ext4', ...options, file);
}

/**
 * `noauto_da_alloc`: ext4 would else flush the data of a renamed file by itself and hide a missing fsync. `commit=1`:
 * what nobody synced reaches the disk within a second, half done.
 */
export async function mountImage(file: string, point: string): Promise<() => Promise<void>> {
  await mkdir(point, { recursive: true });
  await machine('mount', '-t', 'ext4', '-o', 'loop,commit=1,noauto_da_alloc', file, point);
  return () => unmount(point);
}

/** Syncs the file system again and again, as a busy machine does, so that half-done states reach the disk too. */
export function restless(point: string): () => Promise<void> {
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      await machine('sync', '--file-system', point);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return async () => {
    stopped = true;
    await loop;
  };
}
const PAUSE_MS = 10;
