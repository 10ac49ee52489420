/** What a signed role says of a release beside its hash, and the two small documents signed like releases. */
import { type Static, Type } from 'typebox';
import { ComponentName, EnvironmentName, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';

const closed = { additionalProperties: false };

/** `custom` of a release entry: what a robot must know before it downloads anything. */
export const ReleaseCustom = Type.Object(
  {
    schema: Type.Literal('fairlead.target.v1'),
    component: ComponentName,
    version: Version,
    releaseCounter: Type.Integer({
      minimum: 1,
      description: 'Rises with every publish of this component in this environment.',
    }),
    bundle: Type.Object({ sha256: Sha256, size: Type.Integer({ minimum: 1 }) }, closed),
    sizeOnDisk: Type.Integer({ minimum: 0, description: 'Bytes of all files, unpacked.' }),
    arch: Type.Optional(Type.Array(Type.Enum(['arm64', 'x64']))),
    promotedFrom: Type.Optional(EnvironmentName),
  },
  closed,
);
export type ReleaseCustom = Static<typeof ReleaseCustom>;

/** `trust/director.json`: the keys whose assignments robots obey, signed by the offline targets role. */
export const DirectorKeys = Type.Object(
  {
    schema: Type.Literal('fairlead.director.v1'),
    keys: Type.Array(
      Type.Object(
        { keyid: Sha256, public: Sha256, expires: Timestamp },
        { ...closed, description: 'Ed25519 public key, 64 hex digits.' },
      ),
      { minItems: 1, maxItems: 4 },
    ),
  },
  closed,
);
export type DirectorKeys = Static<typeof DirectorKeys>;

/** `policy/<environment>.json`: what the release key forbids, whatever the online director says (TRUST 4.5). */
export const EnvironmentPolicy = Type.Object(
  {
    schema: Type.Literal('fairlead.policy.v1'),
    environment: EnvironmentName,
    version: Type.Integer({ minimum: 1 }),
    // Unsafe only names the static type: TypeBox infers none from a branded key.
    floor: Type.Unsafe<Readonly<Record<string, number>>>(
      Type.Record(ComponentName, Type.Integer({ minimum: 0 }), {
        description: 'Lowest releaseCounter that may still be installed.',
      }),
    ),
    deny: Type.Array(
      Type.Object(
        {
          sha256: Sha256,
          release: Type.String({ maxLength: 130 }),
          reason: Type.String({ maxLength: 500 }),
          severity: Type.Enum(['stop', 'never-run']),
        },
        closed,
      ),
      {
        maxItems: 1000,
        description: 'Manifest digests. stop: never install again; never-run: fall back even where it runs.',
      },
    ),
    downgrade: Type.Array(
      Type.Object(
        { component: ComponentName, to: Version, until: Timestamp, reason: Type.String({ maxLength: 500 }) },
        closed,
      ),
      { maxItems: 100, description: 'Windows in which a release below the floor may be installed.' },
    ),
  },
  closed,
);
export type EnvironmentPolicy = Static<typeof EnvironmentPolicy>;
