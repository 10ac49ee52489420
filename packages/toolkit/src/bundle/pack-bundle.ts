/** Packs the files of a release into its bundle. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failure } from '@fairlead/shared/failure';
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import { isExisting } from '../file-error.ts';
import type { PackBundle } from './bundle.ts';
import { compress } from './compression.ts';
import { digestOf, readChunks } from './hash-file.ts';
import { END_BYTES, entryHeader, paddingOf, tarSize } from './tar-format.ts';

/** Throws a Failure where a file is not (any more) what `files` says of it; then `to` is not left behind. */
export const packBundle: PackBundle = async ({ folder, files, to, onProgress }) => {
  const total = tarSize(files);
  const hash = createHash('sha256');
  let size = 0;
  const measure = async function* (packed: AsyncIterable<Buffer>) {
    for await (const chunk of packed) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  try {
    const tar = tarOf(folder, files, (done) => onProgress?.(done, total));
    await pipeline(compress(tar, total), measure, createWriteStream(to, { flags: 'wx', flush: true }));
  } catch (error) {
    if (!isExisting(error)) await rm(to, { force: true });
    throw error;
  }
  return { file: to, size, sha256: digestOf(hash) };
};

async function* tarOf(folder: string, files: readonly ReleaseFile[], onBytes: (done: number) => void) {
  let done = 0;
  for (const file of files) {
    const header = entryHeader(file);
    yield header;
    yield* contentOf(folder, file);
    yield Buffer.alloc(paddingOf(file.size));
    onBytes((done += header.length + file.size + paddingOf(file.size)));
  }
  yield Buffer.alloc(END_BYTES);
}

async function* contentOf(folder: string, file: ReleaseFile) {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of readChunks(join(folder, file.path))) {
    size += chunk.length;
    if (size > file.size) throw changed(file);
    hash.update(chunk);
    yield chunk;
  }
  if (size !== file.size || digestOf(hash) !== file.sha256) throw changed(file);
}

const changed = ({ path }: ReleaseFile): Failure =>
  new Failure({
    phase: 'build',
    element: path,
    category: 'changed',
    detail: `${path} changed while the release was built.`,
    retryable: true,
    hint: 'Build again when nothing writes into the folder.',
  });
