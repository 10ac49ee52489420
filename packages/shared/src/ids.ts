/**
 * The names that travel through Fairlead. Ids are not strings: `assign(release, robot)` must not compile
 * with its arguments swapped, so every id is a branded string that only a schema (or its `as…` twin in a
 * test) can make.
 */
import { type Static, type TSchema, Type } from 'typebox';

declare const brand: unique symbol;
export type Brand<Name extends string> = string & { readonly [brand]: Name };

export type RobotId = Brand<'RobotId'>;
export type ComponentName = Brand<'ComponentName'>;
export type Version = Brand<'Version'>;
export type DeploymentId = Brand<'DeploymentId'>;
export type RolloutId = Brand<'RolloutId'>;
/** Lower-case hex SHA-256 of some bytes, 64 characters. */
export type Sha256 = Brand<'Sha256'>;
/** A path inside a release: ASCII segments, forward slashes, never absolute, never `.` or `..`. */
export type ReleasePath = Brand<'ReleasePath'>;

const named = <T extends string>(schema: TSchema) => Type.Unsafe<T>(schema);

export const RobotId = named<RobotId>(
  Type.String({
    pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
    description: "The robot's unique name in this fleet: lower-case letters, digits and dashes, at most 63.",
  }),
);
export const ComponentName = named<ComponentName>(
  Type.String({
    pattern: '^[a-z][a-z0-9-]{0,62}$',
    description: 'A named thing a robot runs: lower-case letters, digits and dashes, at most 63.',
  }),
);
/** SemVer 2.0.0, lower-case because it becomes part of a TUF target name (see trust/names.ts). */
export const Version = named<Version>(
  Type.String({
    pattern:
      '^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9a-z-]+(\\.[0-9a-z-]+)*)?(\\+[0-9a-z-]+(\\.[0-9a-z-]+)*)?$',
    maxLength: 56,
    description: 'A semantic version, lower-case: 2.1.0, 2.1.0-rc.1, 2.1.0-dev.my-branch.1a2b3c4d.',
  }),
);
export const DeploymentId = named<DeploymentId>(
  Type.String({
    pattern: '^dep_[0-9a-z]{10,40}$',
    description: "The id of one robot's part in an order: it begins with dep_.",
  }),
);
export const RolloutId = named<RolloutId>(
  Type.String({
    pattern: '^ro_[0-9a-z]{10,40}$',
    description: 'The id of a rollout, a release on its way to a target: it begins with ro_.',
  }),
);
export const Sha256 = named<Sha256>(
  Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, 64 lower-case hex digits.' }),
);
export const ReleasePath = named<ReleasePath>(
  Type.String({
    pattern: '^(?!\\.{1,2}(/|$))[A-Za-z0-9._+@-]{1,255}(/(?!\\.{1,2}(/|$))[A-Za-z0-9._+@-]{1,255})*$',
    maxLength: 1024,
    description: 'A file inside the release: segments of A-Z a-z 0-9 . _ + @ - separated by "/".',
  }),
);

/** Development reaches developers' robots, production reaches customers. Ordered: promotion goes left to right. */
export const ENVIRONMENTS = ['development', 'staging', 'production'] as const;
export const EnvironmentName = Type.Enum([...ENVIRONMENTS], {
  description: 'Which robots a release may reach: development, staging or production.',
});
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** A release as people say it: `component@version`. The manifest's digest completes its identity. */
export const ReleaseRef = Type.Object({ component: ComponentName, version: Version }, { additionalProperties: false });
export type ReleaseRef = Static<typeof ReleaseRef>;

export const sayRelease = (release: ReleaseRef): string => `${release.component}@${release.version}`;
