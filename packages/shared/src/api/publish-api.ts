/** What a publisher asks of the control plane: upload bytes, hand in signed roles, read what is published. */
import { type Static, Type } from 'typebox';
import { LARGEST_INT32, LARGEST_INTEGER, textLine } from '../bounds.ts';
import { ComponentName, EnvironmentName, Sha256, Version } from '../ids.ts';
import { Manifest } from '../release/manifest.ts';
import { Timestamp } from '../time.ts';
import type { Api } from './route.ts';

const closed = { additionalProperties: false };
const BlobParams = Type.Object({ sha256: Sha256 }, closed);
const UploadState = Type.Object({ received: Type.Integer({ minimum: 0 }), complete: Type.Boolean() });

/** A published release as the control plane shows it (derived from signed metadata only). */
export const ReleaseView = Type.Object({
  environment: EnvironmentName,
  component: ComponentName,
  version: Version,
  releaseCounter: Type.Integer(),
  manifestSha256: Sha256,
  bundleSha256: Sha256,
  bundleSize: Type.Integer(),
  sizeOnDisk: Type.Integer(),
  publishedAt: Timestamp,
  publishedBy: Type.String(),
  description: Type.Optional(Type.String()),
  revoked: Type.Optional(Type.Object({ at: Timestamp, by: Type.String() })),
});
export type ReleaseView = Static<typeof ReleaseView>;

export const OnlineKeys = Type.Object(
  { snapshot: Sha256, timestamp: Sha256, director: Sha256 },
  { description: 'Ed25519 public keys of the online roles, 64 hex digits each.' },
);

/** Metadata and small targets travel as text: their bytes are hashed, so nothing may reformat them. */
const MetadataText = Type.String({ minLength: 2, maxLength: 160 * 1024 });
const TargetTexts = Type.Record(textLine(200), Type.String({ maxLength: 300 * 1024 }), {
  maxProperties: 2000,
  description: 'Target name -> exact text, for every entry that is new or changed.',
});

export const RoleName = Type.Enum(['root', 'targets', 'development', 'staging', 'production']);

export const publishApi = {
  uploadState: {
    method: 'GET',
    path: '/api/v1/uploads/:sha256',
    access: 'operator',
    tag: 'publish',
    summary: 'How much of a blob has arrived',
    params: BlobParams,
    reply: UploadState,
  },
  /** Appends at `offset`; 409 offset_mismatch tells where the upload really stands. The last byte triggers the digest check. */
  uploadPart: {
    method: 'PATCH',
    path: '/api/v1/uploads/:sha256',
    access: 'operator',
    tag: 'publish',
    summary: 'Append bytes to a blob at an offset',
    params: BlobParams,
    query: Type.Object(
      {
        offset: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
        size: Type.Integer({ minimum: 1, maximum: LARGEST_INTEGER, description: 'Size of the whole blob.' }),
      },
      closed,
    ),
    body: 'bytes',
    reply: UploadState,
  },
  trustState: {
    method: 'GET',
    path: '/api/v1/trust',
    access: 'public',
    tag: 'trust',
    summary: 'Online public keys, and whether the repository has a root yet',
    reply: Type.Object({
      onlineKeys: OnlineKeys,
      initialised: Type.Boolean(),
      rootVersion: Type.Integer(),
      rootSha256: Type.Optional(Sha256),
    }),
  },
  trustInit: {
    method: 'POST',
    path: '/api/v1/trust',
    access: 'admin',
    tag: 'trust',
    summary: 'Hand in the first root, targets and environment roles; only once',
    body: Type.Object(
      {
        root: MetadataText,
        targets: MetadataText,
        roles: Type.Object({ development: MetadataText, staging: MetadataText, production: MetadataText }, closed),
        texts: TargetTexts,
      },
      closed,
    ),
    reply: Type.Object({ rootSha256: Sha256 }),
    status: 201,
    maxBodyBytes: 4 * 1024 * 1024,
  },
  publishRole: {
    method: 'PUT',
    path: '/api/v1/trust/roles/:role',
    access: 'operator',
    tag: 'publish',
    summary: 'Hand in a newly signed role: verified again and made visible in one transaction',
    params: Type.Object({ role: RoleName }, closed),
    body: Type.Object(
      {
        base: Type.Integer({
          minimum: 0,
          maximum: LARGEST_INT32,
          description: 'The version this one was made from; 409 version_conflict where it is no longer the newest.',
        }),
        metadata: MetadataText,
        texts: TargetTexts,
        removes: Type.Array(textLine(200), {
          maxItems: 1000,
          description: 'Entries that vanish on purpose (revocation). Any other vanished entry is refused.',
        }),
      },
      closed,
    ),
    reply: Type.Object({ version: Type.Integer(), snapshot: Type.Integer(), timestamp: Type.Integer() }),
    maxBodyBytes: 4 * 1024 * 1024,
  },
  listReleases: {
    method: 'GET',
    path: '/api/v1/releases',
    access: 'viewer',
    tag: 'releases',
    summary: 'Published releases, newest first',
    query: Type.Object(
      {
        environment: Type.Optional(EnvironmentName),
        component: Type.Optional(ComponentName),
        cursor: Type.Optional(textLine(200)),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
      },
      closed,
    ),
    reply: Type.Object({ items: Type.Array(ReleaseView), next: Type.Optional(Type.String()) }),
  },
  showRelease: {
    method: 'GET',
    path: '/api/v1/releases/:environment/:component/:version',
    access: 'viewer',
    tag: 'releases',
    summary: 'One release with its manifest',
    params: Type.Object({ environment: EnvironmentName, component: ComponentName, version: Version }, closed),
    reply: Type.Object({ release: ReleaseView, manifest: Manifest }),
  },
} as const satisfies Api;
