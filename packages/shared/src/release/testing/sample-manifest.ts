/** A small sound manifest for tests, to be bent in one place. */

import { parse } from '../../parse.ts';
import { sha256Hex } from '../../trust/digest.ts';
import { fileListBytes, fileListReference } from '../file-list.ts';
import { MANIFEST_SCHEMA_WITH_LIST, Manifest, type ManifestWithFiles } from '../manifest.ts';

export interface SampleFile {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly mode?: number;
}

/** The manifest of `files`, sorted as they must be; `bend` replaces whole sections. Throws where a bend breaks the schema. */
export function sampleManifest(
  files: readonly SampleFile[] = [{ path: 'policy.onnx' }],
  bend: object = {},
): ManifestWithFiles {
  const parsed = parse(Manifest, {
    schema: 'fairlead.release.v1',
    component: 'duck-policy',
    version: '2.1.0',
    files: files.map(entryOf).sort((a, b) => (a.path < b.path ? -1 : 1)),
    models: [],
    bundle: { format: 'tar+zstd', size: 1, sha256: '0'.repeat(64) },
    ...bend,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refused));
  const { files: listed } = parsed.value;
  if (!listed) throw new Error('a sample manifest holds its files');
  return { ...parsed.value, files: listed };
}

/** The same release with its files named by digest, and the list that the manifest names. */
export function withListByDigest(manifest: ManifestWithFiles) {
  const list = fileListBytes(manifest.files);
  const fileList = fileListReference(manifest.files, list);
  return { manifest: { ...manifest, schema: MANIFEST_SCHEMA_WITH_LIST, fileList }, list } as const;
}

const entryOf = ({ path, content = '', mode = 0o644 }: SampleFile) => ({
  path,
  mode,
  size: Buffer.byteLength(content),
  sha256: sha256Hex(content),
});
