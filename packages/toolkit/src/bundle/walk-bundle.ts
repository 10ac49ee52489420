/**
 * Reads a bundle against its manifest. The manifest is signed and a tar of ours has exactly one form, so
 * there is nothing to interpret: every header, every padding byte and the end are compared with what must
 * come, contents are counted and hashed, and the first difference refuses the whole. Links, devices, twins,
 * long-name tricks, missing and extra entries, and whatever is invented next, all differ (attacks 54-59).
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { accept, type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { checkPaths } from '@fairlead/shared/release/check-paths';
import type { ManifestWithFiles, ReleaseFile } from '@fairlead/shared/release/manifest';
import { ByteReader } from './byte-reader.ts';
import { decompressor } from './compression.ts';
import { describeEntry } from './describe-entry.ts';
import { digestOf } from './hash-file.ts';
import { END_BYTES, entryHeader, paddingOf } from './tar-format.ts';

interface Walk {
  /** The packed bytes, nothing before and nothing after them. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly manifest: ManifestWithFiles;
  readonly phase: Phase;
  readonly signal?: AbortSignal | undefined;
  /** Called for every file in order and must read `content` to its end. What it got is only trusted once the walk is over. */
  readonly onFile?: (file: ReleaseFile, content: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** Categories: path, type, mode, length, missing, extra, hash, too_big, bad_archive. Throws what `source` or `onFile` throw. */
export async function walkBundle({ source, manifest, phase, signal, onFile }: Walk): Promise<Result<void, Refusal>> {
  const no = (category: string, element: string, detail: string): Refused =>
    new Refused({ phase, component: manifest.component, element, category, detail, retryable: false, hint: HINT });
  const paths = checkPaths(manifest.files);
  if (!paths.ok) return refuse(no(paths.refused.category, paths.refused.path, paths.refused.detail).refusal);

  const packed = createHash('sha256');
  let packedSize = 0;
  const measure = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      packed.update(chunk);
      packedSize += chunk.length;
      yield chunk;
    }
  };
  const unpack = decompressor();
  const walk = async (tar: AsyncIterable<Uint8Array>): Promise<void> => {
    const reader = new ByteReader(tar);
    for (const file of manifest.files) await readEntry(reader, file, manifest, no, onFile);
    const end = await reader.take(END_BYTES);
    if (end.length < END_BYTES) throw no('length', 'bundle', 'The bundle is cut off at its end.');
    if (!isZero(end)) throw no('extra', describeEntry(end).path, `${describeEntry(end).said} is not in the manifest.`);
    if (!(await reader.atEnd())) throw no('too_big', 'bundle', 'The bundle unpacks to more than its manifest says.');
  };
  try {
    await pipeline(Readable.from(source), measure, unpack, walk, ...(signal ? [{ signal }] : []));
    checkPacked(manifest, { size: packedSize, frame: unpack.bytesWritten, sha256: digestOf(packed) }, no);
  } catch (error) {
    if (error instanceof Refused) return refuse(error.refusal);
    if (isZstdError(error))
      return refuse(no('bad_archive', 'bundle', `The bundle is not sound zstd: ${error.message}.`).refusal);
    throw error;
  }
  return accept(undefined);
}

type No = (category: string, element: string, detail: string) => Refused;

async function readEntry(
  reader: ByteReader,
  file: ReleaseFile,
  manifest: ManifestWithFiles,
  no: No,
  onFile: Walk['onFile'],
): Promise<void> {
  const expected = entryHeader(file);
  const found = await reader.take(expected.length);
  if (!found.equals(expected)) throw whyNot(found, file, manifest, no);
  const hash = createHash('sha256');
  let size = 0;
  const content = async function* () {
    for await (const piece of reader.pieces(file.size)) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  };
  if (onFile) await onFile(file, content());
  else for await (const _ of content());
  if (size !== file.size) throw no('length', file.path, `${file.path} is cut off after ${size} of ${file.size} bytes.`);
  if (digestOf(hash) !== file.sha256) throw no('hash', file.path, `${file.path} is not what the manifest says.`);
  const padding = await reader.take(paddingOf(file.size));
  if (!isZero(padding)) throw no('bad_archive', file.path, `There are bytes hidden behind ${file.path}.`);
}

/** Says how a header differs from the one that must come. The order: what is most telling to a person first. */
function whyNot(found: Buffer, file: ReleaseFile, manifest: ManifestWithFiles, no: No): Refused {
  if (found.length < entryHeader(file).length)
    return no('length', file.path, `The bundle is cut off before ${file.path}.`);
  if (isZero(found)) return no('missing', file.path, `The bundle ends before ${file.path}.`);
  const entry = describeEntry(found);
  const instead = `${entry.said} came where ${file.path} must be.`;
  if (!entry.sound) return no('bad_archive', file.path, `No sound tar header where ${file.path} must begin.`);
  if (entry.type !== 'File') return no('type', entry.path, instead);
  if (entry.path !== file.path) {
    const listed = manifest.files.some(({ path }) => path === entry.path);
    return no(listed || !checkPaths([{ path: entry.path, size: 0 }]).ok ? 'path' : 'extra', entry.path, instead);
  }
  if (entry.mode !== file.mode)
    return no('mode', file.path, `${file.path} has mode ${octal(entry.mode)}, not ${octal(file.mode)}.`);
  if (entry.size !== file.size)
    return no('length', file.path, `${file.path} has ${entry.size} bytes, not ${file.size}.`);
  return no('bad_archive', file.path, `The tar header of ${file.path} is not the one Fairlead writes.`);
}

function checkPacked(
  { bundle }: ManifestWithFiles,
  got: { size: number; frame: number; sha256: string },
  no: No,
): void {
  if (got.size !== bundle.size) throw no('length', 'bundle', `The bundle has ${got.size} bytes, not ${bundle.size}.`);
  if (got.sha256 !== bundle.sha256) throw no('hash', 'bundle', 'The bundle is not what the manifest says.');
  // The decoder stops at the end of its frame and ignores what follows.
  if (got.frame !== got.size) throw no('extra', 'bundle', `${got.size - got.frame} bytes follow the packed files.`);
}

/** Carries a refusal out of the pipeline; never leaves this file. */
class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

const HINT =
  'Do not use this bundle. Get or build it again; if it came over the network, somebody may have changed it.';
const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
const octal = (mode: number | undefined): string => (mode === undefined ? 'none' : `0${mode.toString(8)}`);
const isZstdError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(ZSTD|Z)_/.test(error.code);
