/** What lies in an author's folder: every file with its path, and everything that is not a file. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface Found {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'special file';
}

/** Sorted by path, so that no file system's own order shows. Follows no link. */
export async function listFiles(folder: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  await walk(folder, '', found);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(root: string, under: string, found: Found[]): Promise<void> {
  for (const entry of await readdir(join(root, under), { withFileTypes: true })) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!VERSION_CONTROL.has(entry.name)) await walk(root, path, found);
    } else {
      found.push({ path, kind: entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'special file' });
    }
  }
}

/** Their folders are not even entered: they hold more files than a release may. */
const VERSION_CONTROL: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', '.jj']);
