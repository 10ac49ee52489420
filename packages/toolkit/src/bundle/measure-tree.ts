/** Measures an extracted release: what is active is what its digest says, not what a record claims. */
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ManifestWithFiles, ReleaseFile } from '@fairlead/shared/release/manifest';
import { isMissing } from '../file-error.ts';
import type { MeasureTree } from './bundle.ts';
import { modeOnDisk } from './extract-bundle.ts';
import { hashFile } from './hash-file.ts';

/** Categories: missing, extra, type, mode, length, hash. Names first: a full read is spent only on the right tree. */
export const measureTree: MeasureTree = async ({ folder, manifest, phase }) => {
  const no = (category: string, element: string, detail: string): Result<never, Refusal> =>
    refuse({ phase, component: manifest.component, element, category, detail, retryable: false, hint: HINT });
  const expected = new Map<string, ReleaseFile>(manifest.files.map((file) => [file.path, file]));
  const folders = foldersOf(manifest);
  const found = new Set<string>();
  for await (const { path, type } of walk(folder)) {
    const file = expected.get(path);
    if (!file && !(type === 'folder' && folders.has(path))) return no('extra', path, `${path} is not in the manifest.`);
    if (file && type !== 'file') return no('type', path, `${path} is a ${type}, not a file.`);
    found.add(path);
  }
  for (const file of manifest.files) {
    if (!found.has(file.path)) return no('missing', file.path, `${file.path} is not there.`);
    const { mode, size } = await lstat(join(folder, file.path));
    const want = modeOnDisk(file.mode);
    if ((mode & 0o7777) !== want)
      return no('mode', file.path, `${file.path} has mode ${octal(mode)}, not ${octal(want)}.`);
    if (size !== file.size) return no('length', file.path, `${file.path} has ${size} bytes, not ${file.size}.`);
  }
  for (const file of manifest.files) {
    const { sha256 } = await hashFile(join(folder, file.path));
    if (sha256 !== file.sha256) return no('hash', file.path, `${file.path} is not what was released.`);
  }
  return accept(undefined);
};

type EntryType = 'file' | 'folder' | 'link' | 'special file';

async function* walk(root: string, under = ''): AsyncGenerator<{ path: string; type: EntryType }, void> {
  for (const entry of await entriesOf(join(root, under))) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (!entry.isDirectory()) {
      yield { path, type: entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'special file' };
    } else {
      yield { path, type: 'folder' };
      yield* walk(root, path);
    }
  }
}

/** A folder that is not there has no files: they are then told as missing. */
async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function foldersOf({ files }: ManifestWithFiles): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const { path } of files) {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return folders;
}

const HINT = 'Something changed the installed files. Install the release again, and find out who writes there.';
const octal = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;
