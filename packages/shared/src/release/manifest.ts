/**
 * The release manifest: what is signed, and therefore the allow-list of everything a robot may unpack and
 * run. It has exactly one definition, here. On the wire it is canonical JSON (RFC 8785, jcs.ts) and its
 * SHA-256 is the release's identity; the TUF entry in the environment's role vouches for that digest.
 */
import { type Static, Type } from 'typebox';
import { type Sha256 as Digest, ReleasePath, type ReleaseRef, Sha256 } from '../ids.ts';
import { LIMITS } from '../trust/limits.ts';
import { signedSections } from './release-yaml.ts';

const closed = { additionalProperties: false };

/** The manifest holds its list of files. Every agent reads it. */
export const MANIFEST_SCHEMA = 'fairlead.release.v1';
/** The manifest names its list of files by digest (docs/decisions/0042). An agent that does not know this form refuses it. */
export const MANIFEST_SCHEMA_WITH_LIST = 'fairlead.release.v2';

export const ReleaseFile = Type.Object(
  {
    path: ReleasePath,
    /** Only the executable bit survives packing: no setuid, no world-writable file ever reaches a robot. */
    mode: Type.Enum([0o644, 0o755], { description: '420 (0644) or 493 (0755).' }),
    size: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes.' }),
    sha256: Sha256,
  },
  closed,
);

/** ONNX element types that onnxruntime-node can feed and read back (ONNX.md 2). */
export const TENSOR_TYPES = [
  'float32',
  'float64',
  'float16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
  'string',
] as const;
export type TensorType = (typeof TENSOR_TYPES)[number];
export const TensorContract = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    dtype: Type.Enum([...TENSOR_TYPES]),
    shape: Type.Array(
      Type.Union([Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }), Type.String({ maxLength: 100 })]),
      { maxItems: 16, description: 'Dimensions; a string is a symbolic dimension, "" an unnamed one.' },
    ),
  },
  closed,
);
export const ModelContract = Type.Object(
  {
    path: ReleasePath,
    inputs: Type.Array(TensorContract, { maxItems: 200 }),
    outputs: Type.Array(TensorContract, { minItems: 1, maxItems: 200 }),
    opsets: Type.Record(Type.String({ maxLength: 100 }), Type.Integer({ minimum: 1 }), {
      description: 'Operator set per domain; ai.onnx is the default domain.',
    }),
    externalData: Type.Array(ReleasePath, {
      maxItems: 1000,
      description: 'Files of this release that hold the weights.',
    }),
  },
  closed,
);

/** Names a list of files completely: its digest, and what must be known of it before it is fetched. */
export const FileListReference = Type.Object(
  {
    sha256: Sha256,
    size: Type.Integer({ minimum: 1, maximum: LIMITS.fileListBytes, description: 'Bytes of the list itself.' }),
    count: Type.Integer({ minimum: 1, maximum: LIMITS.files, description: 'Files in the list.' }),
    sizeOnDisk: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Bytes of all files, unpacked.',
    }),
  },
  { ...closed, description: 'The list of files, a blob of its own. Present where `files` is not.' },
);

export const Manifest = Type.Object(
  {
    schema: Type.Enum([MANIFEST_SCHEMA, MANIFEST_SCHEMA_WITH_LIST], {
      description: 'v1 holds `files`; v2 names them by digest in `fileList`.',
    }),
    ...signedSections,
    files: Type.Optional(
      Type.Array(ReleaseFile, {
        minItems: 1,
        maxItems: LIMITS.files,
        description: 'Sorted by path, no two equal after NFC and case folding.',
      }),
    ),
    fileList: Type.Optional(FileListReference),
    models: Type.Array(ModelContract, { maxItems: 200 }),
    bundle: Type.Object(
      { format: Type.Literal('tar+zstd'), size: Type.Integer({ minimum: 1 }), sha256: Sha256 },
      {
        ...closed,
        description:
          'The packed bytes: one deterministic tar of exactly the listed files, in order, compressed by zstd.',
      },
    ),
  },
  closed,
);
export type Manifest = Static<typeof Manifest>;
/** A manifest together with its list of files, wherever that list came from. Only `withFiles` makes one of a parsed manifest. */
export type ManifestWithFiles = Manifest & { files: ReleaseFile[] };
export type FileListReference = Static<typeof FileListReference>;
export type ReleaseFile = Static<typeof ReleaseFile>;
export type ModelContract = Static<typeof ModelContract>;
export type TensorContract = Static<typeof TensorContract>;

/** A release completely named: what people say plus the digest of its manifest. */
export interface ReleaseIdentity extends ReleaseRef {
  /** SHA-256 of the manifest's canonical bytes. */
  readonly manifestSha256: Digest;
}

/** `VERSION-DIGEST12`: the folder a release lives in on a robot. */
export const releaseFolderName = (release: ReleaseIdentity): string =>
  `${release.version}-${release.manifestSha256.slice(0, 12)}`;

/** Bytes of all files, unpacked. */
export const sizeOnDisk = ({ files = [], fileList }: Manifest): number => fileList?.sizeOnDisk ?? sumOfSizes(files);

export const sumOfSizes = (files: readonly Pick<ReleaseFile, 'size'>[]): number =>
  files.reduce((sum, { size }) => sum + size, 0);

export const fileCount = ({ files = [], fileList }: Manifest): number => fileList?.count ?? files.length;

/** What is fetched of a release beside its manifest, in this order. */
export const blobsOf = ({ fileList, bundle }: Manifest): { readonly sha256: Digest; readonly size: number }[] =>
  fileList ? [fileList, bundle] : [bundle];
