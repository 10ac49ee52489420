/** Reads a `.fairlead` file up to its bundle. Every byte before it must be the one that `release-file.ts` writes. */
import { lstat } from 'node:fs/promises';
import { accept, type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { withFiles } from '@fairlead/shared/release/file-list';
import type { ManifestWithFiles, ReleaseIdentity } from '@fairlead/shared/release/manifest';
import { identify, parseManifest } from '@fairlead/shared/release/parse-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { ByteReader } from '@fairlead/toolkit/bundle/byte-reader';
import { readChunks } from '@fairlead/toolkit/bundle/hash-file';
import { BLOCK, END_BYTES, paddingOf } from '@fairlead/toolkit/bundle/tar-format';
import { BUNDLE, FILE_LIST, headerOf, MANIFEST, SUMS, sumsText } from './release-file.ts';

export interface OpenRelease {
  readonly file: string;
  readonly manifest: ManifestWithFiles;
  /** Canonical: what is signed. */
  readonly manifestBytes: Uint8Array;
  /** Present where the manifest names its files by digest. */
  readonly fileList?: Uint8Array;
  readonly identity: ReleaseIdentity;
  /** Where the bundle's bytes lie in the file. */
  readonly bundle: { readonly start: number; readonly length: number };
}

/** Categories: bad_archive, length, hash, and those of parseManifest and withFiles. The bundle itself is not read. */
export async function openReleaseFile(file: string, phase: Phase): Promise<Result<OpenRelease, Refusal>> {
  const no: No = (category, detail) =>
    refuse({ phase, element: file.slice(-300), category, detail, retryable: false, hint: HINT });
  const reader = new ByteReader(readChunks(file));
  try {
    const head = await readHead(reader, phase, no);
    if (!head.ok) return head;
    const { manifest, bundle } = head.value;
    const size = bundle.start + bundle.length + paddingOf(bundle.length) + END_BYTES;
    const found = (await lstat(file)).size;
    if (found !== size) return no('length', `The file has ${found} bytes, not ${size}.`);
    return accept({ file, ...head.value, identity: identify(manifest, head.value.manifestBytes) });
  } finally {
    await reader.close();
  }
}

type No = (category: string, detail: string) => Result<never, Refusal>;
type Head = Omit<OpenRelease, 'file' | 'identity'>;

async function readHead(reader: ByteReader, phase: Phase, no: No): Promise<Result<Head, Refusal>> {
  const sums = await readEntry(reader, SUMS, MOST_SUMS);
  if (!sums) return no('bad_archive', 'This is no release file of Fairlead.');
  const written = await readEntry(reader, MANIFEST, LIMITS.manifestBytes);
  if (!written) return no('bad_archive', MISPLACED);
  const parsed = parseManifest(written.bytes, phase);
  if (!parsed.ok) return parsed;
  const { fileList: named, bundle } = parsed.value;
  const expectedSums = sumsText({
    manifest: sha256Hex(written.bytes),
    fileList: named?.sha256,
    bundle: bundle.sha256,
  });
  if (sums.bytes.toString('latin1') !== expectedSums) {
    return no('hash', 'The manifest is not the one that was built.');
  }
  const list = named && (await readEntry(reader, FILE_LIST, named.size));
  if (named && !list) return no('bad_archive', MISPLACED);
  const manifest = withFiles(parsed.value, list?.bytes, phase);
  if (!manifest.ok) return manifest;
  const bundleHeader = await reader.take(BLOCK);
  if (!bundleHeader.equals(headerOf(BUNDLE, bundle.size))) return no('bad_archive', MISPLACED);
  const start = sums.length + written.length + (list?.length ?? 0) + BLOCK;
  return accept({
    manifest: manifest.value,
    manifestBytes: written.bytes,
    ...(list && { fileList: list.bytes }),
    bundle: { start, length: bundle.size },
  });
}

/** One small entry, byte for byte as we write it; undefined where it is another one, or larger than `most`. */
async function readEntry(reader: ByteReader, name: string, most: number) {
  const header = await reader.take(BLOCK);
  const size = declaredSize(header, most);
  if (!header.equals(headerOf(name, size))) return undefined;
  const bytes = await reader.take(size);
  const padding = await reader.take(paddingOf(size));
  return isZero(padding) ? { bytes, length: BLOCK + bytes.length + padding.length } : undefined;
}

/** What the header claims, at most `most`; an unsound header fails the comparison that follows. */
function declaredSize(header: Buffer, most: number): number {
  if (header.length < BLOCK) return 0;
  // Read as our eleven octal digits: anything else differs from the header we would write.
  const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
  return size <= most ? size : 0;
}

/** Three lines of a digest and a name. */
const MOST_SUMS = BLOCK;
const MISPLACED = 'Its parts are not where they must be.';
const HINT = 'Get the file again, or build it again with `fairlead release build`.';
const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
