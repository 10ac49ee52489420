/** TUF metadata (spec 4) as Fairlead writes it: stricter than the standard, readable by any TUF client. */
import { type Static, type TSchema, Type } from 'typebox';
import { ENVIRONMENTS, Sha256 } from '../ids.ts';
import { type Instant, TO_THE_SECOND, toTimestamp } from '../time.ts';
import { signingBytes } from './canonical-json.ts';
import type { Signer } from './ed25519.ts';

const closed = { additionalProperties: false };
export const SPEC_VERSION = '1.0.31';

const Hex = (digits: number) => Type.String({ pattern: `^[0-9a-f]{${digits}}$` });
const Version = Type.Integer({ minimum: 1 });
const Expires = Type.String({
  pattern: `^${TO_THE_SECOND}Z$`,
  description: 'To the second: other TUF clients refuse fractions.',
});
const Hashes = Type.Object({ sha256: Sha256 }, closed);
const Key = Type.Object(
  {
    keytype: Type.Literal('ed25519'),
    scheme: Type.Literal('ed25519'),
    keyval: Type.Object({ public: Hex(64) }, closed),
  },
  closed,
);
/** Key id -> key. Unsafe only names the static type: TypeBox infers none from a branded key. */
const Keys = Type.Unsafe<Readonly<Record<string, Static<typeof Key>>>>(Type.Record(Sha256, Key, { maxProperties: 60 }));
const KeyIds = Type.Array(Sha256, { minItems: 1, maxItems: 20, uniqueItems: true });
const Threshold = Type.Integer({ minimum: 1, maximum: 20 });
const Role = Type.Object({ keyids: KeyIds, threshold: Threshold }, closed);
const Delegation = Type.Object(
  {
    name: Type.Enum([...ENVIRONMENTS]),
    keyids: KeyIds,
    threshold: Threshold,
    paths: Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 10 }),
    terminating: Type.Boolean(),
  },
  closed,
);
const MetaFile = Type.Object({ version: Version, length: Type.Integer({ minimum: 1 }), hashes: Hashes }, closed);
export const TargetEntry = Type.Object(
  {
    length: Type.Integer({ minimum: 1 }),
    hashes: Hashes,
    custom: Type.Optional(Type.Unknown({ description: 'ReleaseCustom for releases (trust/targets.ts).' })),
  },
  closed,
);
export type TargetEntry = Static<typeof TargetEntry>;

const common = { spec_version: Type.Literal(SPEC_VERSION), version: Version, expires: Expires };
const signedBy = <S extends TSchema>(signed: S) =>
  Type.Object(
    {
      signatures: Type.Array(Type.Object({ keyid: Sha256, sig: Hex(128) }, closed), { minItems: 1, maxItems: 20 }),
      signed,
    },
    closed,
  );

export const RootSigned = Type.Object(
  {
    _type: Type.Literal('root'),
    ...common,
    consistent_snapshot: Type.Literal(true),
    keys: Keys,
    roles: Type.Object({ root: Role, targets: Role, snapshot: Role, timestamp: Role }, closed),
  },
  closed,
);
export const TargetsSigned = Type.Object(
  {
    _type: Type.Literal('targets'),
    ...common,
    targets: Type.Record(Type.String({ maxLength: 200 }), TargetEntry),
    delegations: Type.Optional(
      Type.Object({ keys: Keys, roles: Type.Array(Delegation, { maxItems: ENVIRONMENTS.length }) }, closed),
    ),
  },
  closed,
);
export const SnapshotSigned = Type.Object(
  { _type: Type.Literal('snapshot'), ...common, meta: Type.Record(Type.String({ maxLength: 60 }), MetaFile) },
  closed,
);
export const TimestampSigned = Type.Object(
  {
    _type: Type.Literal('timestamp'),
    ...common,
    meta: Type.Object({ 'snapshot.json': MetaFile }, closed),
    x_issued: Type.String({ maxLength: 30, description: 'When it was signed: raises the time floor of robots.' }),
  },
  closed,
);
export type RootSigned = Static<typeof RootSigned>;
export type TargetsSigned = Static<typeof TargetsSigned>;
export type SnapshotSigned = Static<typeof SnapshotSigned>;
export type TimestampSigned = Static<typeof TimestampSigned>;

export const RootMetadata = signedBy(RootSigned);
export const TargetsMetadata = signedBy(TargetsSigned);
export const SnapshotMetadata = signedBy(SnapshotSigned);
export const TimestampMetadata = signedBy(TimestampSigned);
export type RootMetadata = Static<typeof RootMetadata>;
export type TargetsMetadata = Static<typeof TargetsMetadata>;
export type RoleKeys = Static<typeof Role>;
export type KeyTable = Static<typeof Keys>;
export type Delegation = Static<typeof Delegation>;

/** The text of a signed document. Its bytes are hashed by the snapshot: nobody may reformat it. */
export function signMetadata(signed: object, signers: readonly Signer[]): string {
  const bytes = signingBytes(signed);
  const signatures = signers.map((signer) => ({
    keyid: signer.keyid,
    sig: Buffer.from(signer.sign(bytes)).toString('hex'),
  }));
  return `${JSON.stringify({ signatures, signed })}\n`;
}

/** An expiry as TUF writes it: to the second. */
export const toExpiry = (instant: Instant): string => toTimestamp(instant).replace(/\.\d{3}Z$/, 'Z');

/** Where a target lies below `/tuf/targets/` in a repository with consistent snapshots (spec 6.2). */
export function hashedTargetPath(name: string, digest: string): string {
  const slash = name.lastIndexOf('/') + 1;
  return `${name.slice(0, slash)}${digest}.${name.slice(slash)}`;
}
