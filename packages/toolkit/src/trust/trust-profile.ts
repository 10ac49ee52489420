/** What Fairlead asks beyond the TUF specification. The public conformance suite needs it looser (tests/conformance). */
import { type EnvironmentName } from '@fairlead/shared/ids';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { asTargetName, environmentOf, type TargetName } from '@fairlead/shared/trust/names';
import { inspectMetadata } from './inspect-metadata.ts';
import type { TrustRefusal } from './trust-store.ts';

export interface TrustProfile {
  /** Undefined where this name may be asked for at all; decided before any look-up or request. */
  readonly checkName: (name: TargetName) => TrustRefusal | undefined;
  /** Undefined where a parsed metadata document may go on to tuf-js. */
  readonly inspect: (document: unknown) => TrustRefusal | undefined;
  /** Role whose metadata is loaded with every refresh, so that look-ups need no network. */
  readonly eagerTarget?: TargetName;
  /** Bytes; whatever the online snapshot says of lengths. */
  readonly caps: {
    readonly root: number;
    readonly timestamp: number;
    readonly snapshot: number;
    readonly role: number;
  };
  readonly maxTargetBytes: number;
  /** Algorithms that are accepted where a target is signed without SHA-256, in order of preference. */
  readonly otherDigests: readonly string[];
  readonly maxDelegations: number;
}

/** The product's profile: for a robot with its environment, for a publisher without. */
export function productProfile(environment?: EnvironmentName): TrustProfile {
  return {
    checkName: (name) => checkName(name, environment),
    inspect: inspectMetadata,
    ...(environment ? { eagerTarget: `policy/${environment}.json` as TargetName } : {}),
    caps: {
      root: LIMITS.rootBytes,
      timestamp: LIMITS.timestampBytes,
      snapshot: LIMITS.snapshotBytes,
      role: LIMITS.roleBytes,
    },
    maxTargetBytes: LIMITS.manifestBytes,
    otherDigests: [],
    maxDelegations: 4,
  };
}

function checkName(name: TargetName, environment: EnvironmentName | undefined): TrustRefusal | undefined {
  if (asTargetName(name) === undefined) {
    return { code: 'name', detail: `${JSON.stringify(name.slice(0, 100))} is no target of Fairlead`, retryable: false };
  }
  const owner = environmentOf(name);
  if (!environment || !owner || owner === environment) return undefined;
  return { code: 'wrong_env', detail: `${name} belongs to ${owner}, this robot to ${environment}`, retryable: false };
}
