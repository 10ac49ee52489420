/** Files of the author's folder as the manifest lists them. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { checkPaths } from '@fairlead/shared/release/check-paths';
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import { hashFile } from '@fairlead/toolkit/bundle/hash-file';
import type { Found } from './list-files.ts';

/** Sizes, digests and modes; of a mode only "may its owner run it" survives. Categories: type, path, too_big, empty. */
export async function describeFiles(
  folder: string,
  selected: readonly Found[],
): Promise<Result<ReleaseFile[], Refusal>> {
  const odd = selected.find(({ kind }) => kind !== 'file');
  if (odd) return refuse(refusal(odd.path, 'type', `${odd.path} is a ${odd.kind}. A release holds plain files only.`));
  const paths = checkPaths(selected.map(({ path }) => ({ path, size: 0 })));
  if (!paths.ok) return refuse(refusal(paths.refused.path, paths.refused.category, paths.refused.detail));
  const files: ReleaseFile[] = [];
  for (const { path } of selected) {
    const parsed = parse(ReleasePath, path);
    if (!parsed.ok) throw new TypeError(`${path} passed the path rules and is no release path`);
    const { mode } = await lstat(join(folder, path));
    files.push({
      path: parsed.value,
      mode: (mode & 0o100) === 0 ? 0o644 : 0o755,
      ...(await hashFile(join(folder, path))),
    });
  }
  return accept(files);
}

const refusal = (path: string, category: string, detail: string): Refusal => ({
  phase: 'build',
  element: path.slice(0, 300) || 'files',
  category,
  detail: detail.slice(0, 2000),
  retryable: false,
  hint: 'Rename it, replace it by a plain file, or leave it out with files.exclude in release.yaml.',
});
