/** Folders of authors for tests: gone after the test. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { onTestFinished } from 'vitest';
import { buildRelease } from '../build-release.ts';

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-release-'));
  onTestFinished(() => removeTree(folder));
  return folder;
}

/** A folder of these files; release.yaml is one of them, or that of duck@1.0.0. */
export async function authorFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await newFolder();
  const all = { 'release.yaml': 'component: duck\nversion: 1.0.0\n', ...files };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** Builds a folder without models; resolves with the `.fairlead` file. Throws where it is refused. */
export async function builtFrom(files: Readonly<Record<string, string>>): Promise<string> {
  const to = join(await newFolder(), 'duck.fairlead');
  const built = await buildRelease({ folder: await authorFolder(files), to: () => to });
  if (!built.ok) throw new Error(JSON.stringify(built.refused));
  return to;
}
