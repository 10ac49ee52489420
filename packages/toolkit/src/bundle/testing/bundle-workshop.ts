/** A workshop for bundle tests: folders of files, sound bundles of them, and tars that no honest packer writes. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { ManifestWithFiles } from '@fairlead/shared/release/manifest';
import { type SampleFile, sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { Header, Pax } from 'tar';
import { onTestFinished } from 'vitest';
import { packBundle } from '../pack-bundle.ts';
import { removeTree } from '../remove-tree.ts';
import { BLOCK, paddingOf } from '../tar-format.ts';

/** A new folder that is gone after the test, whatever its modes are by then. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-bundle-'));
  onTestFinished(() => removeTree(folder));
  return folder;
}

export async function folderOf(files: readonly SampleFile[]): Promise<string> {
  const folder = await newFolder();
  for (const { path, content = '', mode = 0o644 } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content, { mode });
  }
  return folder;
}

export interface Packed {
  readonly bundle: string;
  readonly manifest: ManifestWithFiles;
}

/** A sound bundle and its manifest. */
export async function pack(files: readonly SampleFile[]): Promise<Packed> {
  const folder = await folderOf(files);
  const { files: listed } = sampleManifest(files);
  const bundle = join(await newFolder(), 'bundle.tar.zst');
  const { size, sha256 } = await packBundle({ folder, files: listed, to: bundle });
  return { bundle, manifest: sampleManifest(files, { bundle: { format: 'tar+zstd', size, sha256 } }) };
}

/** A manifest that vouches for `packed` as the bundle of `files`: the signer is hostile, the digest holds. */
export async function vouched(files: readonly SampleFile[], packed: Uint8Array): Promise<Packed> {
  const bundle = join(await newFolder(), 'bundle.tar.zst');
  await writeFile(bundle, packed);
  const section = { format: 'tar+zstd', size: packed.length, sha256: sha256Hex(packed) };
  return { bundle, manifest: sampleManifest(files, { bundle: section }) };
}

type HeaderData = ConstructorParameters<typeof Pax>[0];

/** One entry by hand: a header with anything in it, and a body. */
export function entry(data: HeaderData, body: string | Uint8Array = ''): Buffer {
  const content = Buffer.from(body);
  const block = Buffer.alloc(BLOCK);
  const plain = { mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'File' as const, size: content.length };
  new Header({ ...plain, ...data }).encode(block);
  return Buffer.concat([block, content, Buffer.alloc(paddingOf(content.length))]);
}

export const pax = (data: HeaderData): Buffer => new Pax(data).encode();
export const END = Buffer.alloc(2 * BLOCK);
export const zstd = (...parts: readonly Uint8Array[]): Buffer => zstdCompressSync(Buffer.concat(parts));

export const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });
