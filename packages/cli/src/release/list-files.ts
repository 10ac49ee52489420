/** What lies in an author's folder: every file with its path, and everything that is not a file. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { describeFileError } from '@fairlead/toolkit/file-error';

export interface Found {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'special file';
}

/**
 * Sorted by path, so that no file system's own order shows. Follows no link, and enters no folder that `skips` names (its path
 * ends in "/"). Throws a Failure `unreadable` for a folder that can't be read.
 */
export async function listFiles(folder: string, skips: (folder: string) => boolean): Promise<readonly Found[]> {
  const found: Found[] = [];
  await walk(folder, '', skips, found);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(root: string, under: string, skips: (folder: string) => boolean, found: Found[]): Promise<void> {
  const entries = await readdir(join(root, under), { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(under || '.', error);
  });
  for (const entry of entries) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!skips(`${path}/`)) await walk(root, path, skips, found);
    } else {
      found.push({ path, kind: entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'special file' });
    }
  }
}

export const unreadable = (path: string, cause: unknown): Failure =>
  new Failure(
    {
      phase: 'build',
      element: path.slice(-300),
      category: 'unreadable',
      detail: `${path} can't be read: ${describeFileError(cause)}.`,
      retryable: false,
      hint: 'Make it readable for this user, or leave it out with files.exclude in release.yaml.',
    },
    { cause },
  );
