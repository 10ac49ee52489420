/** A medium after a cut, put where a robot can start from it. */
import { chmod, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Medium, type MediumInode, PIECE } from './medium.ts';
import { ROOT_INODE } from './recording.ts';
import { IMAGE_FILE } from './serve-recorded-disk.ts';

const PERMISSIONS = 0o7777;

/** Writes the tree into `folder`, which is there and empty. */
export async function writeTree(medium: Medium, folder: string, inode: number = ROOT_INODE): Promise<void> {
  for (const [name, entry] of medium.get(inode)?.names ?? []) {
    const path = join(folder, name);
    const found = need(medium, entry);
    if (found.kind === 'link') await symlink(found.target, path);
    if (found.kind === 'file') await writeFile(path, found.content);
    if (found.kind === 'folder') {
      await mkdir(path);
      await writeTree(medium, path, entry);
    }
    // Last: a release's folder can't be written any more.
    if (found.kind === 'file' || found.kind === 'folder') await chmod(path, found.mode & PERMISSIONS);
  }
}

/** Writes the block device that the recorded disk held as a file, with its holes. */
export async function writeImage(medium: Medium, file: string): Promise<void> {
  const { content, written } = need(medium, need(medium, ROOT_INODE).names.get(IMAGE_FILE));
  const handle = await open(file, 'w');
  try {
    await handle.truncate(content.length);
    for (const piece of written) {
      const at = piece * PIECE;
      await handle.write(content, at, Math.min(PIECE, content.length - at), at);
    }
  } finally {
    await handle.close();
  }
}

/** The content of a file by its path below the root; undefined where no such name survived. */
export function fileIn(medium: Medium, ...path: readonly string[]): Buffer | undefined {
  let inode: number | undefined = ROOT_INODE;
  for (const name of path) inode = inode === undefined ? undefined : medium.get(inode)?.names.get(name);
  return inode === undefined ? undefined : medium.get(inode)?.content;
}

function need(medium: Medium, inode: number | undefined): MediumInode {
  const found = inode === undefined ? undefined : medium.get(inode);
  if (!found) throw new Error('the recording names an inode that was never made');
  return found;
}
