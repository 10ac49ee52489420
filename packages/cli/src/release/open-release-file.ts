/** Reads a `.fairlead` file up to its bundle. Every byte before it must be the one that `release-file.ts` writes. */
import { lstat } from 'node:fs/promises';
import { accept, type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { Manifest, ReleaseIdentity } from '@fairlead/shared/release/manifest';
import { identify, parseManifest } from '@fairlead/shared/release/parse-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { ByteReader } from '@fairlead/toolkit/bundle/byte-reader';
import { readChunks } from '@fairlead/toolkit/bundle/hash-file';
import { BLOCK, END_BYTES, paddingOf } from '@fairlead/toolkit/bundle/tar-format';
import { BUNDLE, headerOf, MANIFEST, SUMS, sumsText } from './release-file.ts';

export interface OpenRelease {
  readonly file: string;
  readonly manifest: Manifest;
  /** Canonical: what is signed. */
  readonly manifestBytes: Uint8Array;
  readonly identity: ReleaseIdentity;
  /** Where the bundle's bytes lie in the file. */
  readonly bundle: { readonly start: number; readonly length: number };
}

/** Categories: bad_archive, length, hash, and those of parseManifest. The bundle itself is not read. */
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
type Head = Pick<OpenRelease, 'manifest' | 'manifestBytes' | 'bundle'>;

async function readHead(reader: ByteReader, phase: Phase, no: No): Promise<Result<Head, Refusal>> {
  const sumsLength = sumsText(NO_SHA, NO_SHA).length;
  const sumsHeader = await reader.take(BLOCK);
  if (!sumsHeader.equals(headerOf(SUMS, sumsLength))) return no('bad_archive', 'This is no release file of Fairlead.');
  const sums = await reader.take(sumsLength + paddingOf(sumsLength));

  const manifestHeader = await reader.take(BLOCK);
  const manifestLength = declaredSize(manifestHeader);
  if (!manifestHeader.equals(headerOf(MANIFEST, manifestLength))) return no('bad_archive', MISPLACED);
  const manifestBytes = await reader.take(manifestLength);
  const padding = await reader.take(paddingOf(manifestLength));
  const parsed = parseManifest(manifestBytes, phase);
  if (!parsed.ok) return parsed;
  const manifest = parsed.value;
  const expectedSums = Buffer.from(sumsText(sha256Hex(manifestBytes), manifest.bundle.sha256));
  if (!sums.equals(Buffer.concat([expectedSums, Buffer.alloc(paddingOf(sumsLength))]))) {
    return no('hash', 'The manifest is not the one that was built.');
  }
  const bundleHeader = await reader.take(BLOCK);
  const { size: length } = manifest.bundle;
  if (!isZero(padding) || !bundleHeader.equals(headerOf(BUNDLE, length))) return no('bad_archive', MISPLACED);
  const start = 3 * BLOCK + sums.length + manifestLength + padding.length;
  return accept({ manifest, manifestBytes, bundle: { start, length } });
}

/** What the header claims, at most what a manifest may have; an unsound header fails the comparison that follows. */
function declaredSize(header: Buffer): number {
  if (header.length < BLOCK) return 0;
  // Read as our eleven octal digits: anything else differs from the header we would write.
  const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
  return size <= LIMITS.manifestBytes ? size : 0;
}

const NO_SHA = '0'.repeat(64) as ReleaseIdentity['manifestSha256'];
const MISPLACED = 'Its parts are not where they must be.';
const HINT = 'Get the file again, or build it again with `fairlead release build`.';
const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
