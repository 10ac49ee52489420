/** Files of the author's folder as the manifest lists them. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { checkPaths } from '@fairlead/shared/release/check-paths';
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { hashFile } from '@fairlead/toolkit/bundle/hash-file';
import type { Found } from './list-files.ts';
import { sayBytes } from './say-bytes.ts';

/** Sizes, digests and modes; of a mode only "may its owner run it" survives. Categories: type, path, too_big, empty. */
export async function describeFiles(
  folder: string,
  selected: readonly Found[],
): Promise<Result<ReleaseFile[], Refusal>> {
  const odd = selected.find(({ kind }) => kind !== 'file');
  if (odd) return refuse(refusal(odd.path, 'type', `${odd.path} is a ${odd.kind}. A release holds plain files only.`));
  const paths = checkPaths(selected.map(({ path }) => ({ path, size: 0 })));
  if (!paths.ok) return refuse(refusal(paths.refused.path, paths.refused.category, paths.refused.detail));
  const listBytes = longestList(selected);
  if (listBytes > LIMITS.fileListBytes)
    return refuse(refusal('', 'too_big', formatTooLong(selected.length, listBytes)));
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

/** Bytes of the list of files, whatever they hold: known before any of them is read. */
const longestList = (selected: readonly Found[]): number =>
  selected.reduce((sum, { path }) => sum + path.length + ENTRY_BYTES, 0);
/** `{"mode":420,"path":"","sha256":"","size":9007199254740991},` with a digest. */
const ENTRY_BYTES = 128;

const formatTooLong = (count: number, bytes: number): string =>
  `${count} files with names this long make a list of ${sayBytes(bytes)}; at most ${sayBytes(LIMITS.fileListBytes)} may be.`;

const refusal = (path: string, category: string, detail: string): Refusal => ({
  phase: 'build',
  element: path.slice(0, 300) || 'files',
  category,
  detail: detail.slice(0, 2000),
  retryable: false,
  hint:
    category === 'too_big'
      ? 'Pack folders with many files into one archive, or leave them out with files.exclude in release.yaml.'
      : 'Rename it, replace it by a plain file, or leave it out with files.exclude in release.yaml.',
});
