/**
 * The `.fairlead` file: a plain tar of SHA256SUMS, manifest.json, files.json (where the manifest names its files by digest)
 * and bundle.tar.zst, so that it can also be opened and checked with `tar` and `sha256sum` alone. The sums are not a signature: they tell damage, not malice. What
 * protects robots is signed at publishing.
 */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Sha256 } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { PackedBundle } from '@fairlead/toolkit/bundle/bundle';
import { readChunks } from '@fairlead/toolkit/bundle/hash-file';
import { END_BYTES, entryHeader, paddingOf } from '@fairlead/toolkit/bundle/tar-format';
import { syncFolder } from '@fairlead/toolkit/durable-files';

export const SUMS = 'SHA256SUMS';
export const MANIFEST = 'manifest.json';
export const FILE_LIST = 'files.json';
export const BUNDLE = 'bundle.tar.zst';

/** The content of SHA256SUMS, as `sha256sum --check` reads it. */
export const sumsText = (sums: {
  readonly manifest: Sha256;
  readonly fileList?: Sha256 | undefined;
  readonly bundle: Sha256;
}): string =>
  [
    [sums.manifest, MANIFEST],
    [sums.fileList, FILE_LIST],
    [sums.bundle, BUNDLE],
  ]
    .flatMap(([sha256, name]) => (sha256 === undefined ? [] : [`${sha256}  ${name}\n`]))
    .join('');

/** The header of one of the entries: like those inside a bundle, only one form is right. */
export const headerOf = (path: string, size: number): Buffer => entryHeader({ path, mode: 0o644, size });

/** Replaces `to` in one step: an interrupted build leaves the file that was there. */
export async function writeReleaseFile(order: {
  readonly to: string;
  readonly manifestBytes: Uint8Array;
  /** Present where the manifest names its files by digest. */
  readonly fileList?: Uint8Array | undefined;
  readonly bundle: PackedBundle;
}): Promise<void> {
  const { to } = order;
  const temp = `${to}.part`;
  try {
    await pipeline(contentOf(order), createWriteStream(temp, { flush: true }));
    await rename(temp, to);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
  await syncFolder(dirname(to));
}

type Content = Pick<Parameters<typeof writeReleaseFile>[0], 'manifestBytes' | 'fileList' | 'bundle'>;

async function* contentOf({ manifestBytes, fileList, bundle }: Content): AsyncGenerator<Uint8Array, void> {
  const manifest = sha256Hex(manifestBytes);
  const sums = Buffer.from(sumsText({ manifest, fileList: fileList && sha256Hex(fileList), bundle: bundle.sha256 }));
  yield* entry(SUMS, sums.length, [sums]);
  yield* entry(MANIFEST, manifestBytes.length, [manifestBytes]);
  if (fileList) yield* entry(FILE_LIST, fileList.length, [fileList]);
  yield* entry(BUNDLE, bundle.size, readChunks(bundle.file));
  yield Buffer.alloc(END_BYTES);
}

async function* entry(path: string, size: number, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  yield headerOf(path, size);
  yield* content;
  yield Buffer.alloc(paddingOf(size));
}
