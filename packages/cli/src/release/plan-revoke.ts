/**
 * What changes in an environment's role when a release is taken back (TRUST 4.5): its entry goes, and the policy names its
 * digest, so that no robot starts to install it again, whatever the online director says.
 */
import { type EnvironmentName, type ReleaseRef, sayRelease } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { canonicalJson } from '@fairlead/shared/trust/canonical-json';
import { policyTarget, releaseTarget } from '@fairlead/shared/trust/names';
import { type EnvironmentPolicy, ReleaseCustom } from '@fairlead/shared/trust/targets';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { CliError, EXIT } from '../cli-error.ts';
import type { RoleHead } from '../trust/publisher-trust.ts';
import { readPolicy } from '../trust/read-signed.ts';
import type { RoleChange } from './publish-role-change.ts';

export interface RevokeOrder {
  readonly release: ReleaseRef;
  readonly environment: EnvironmentName;
  readonly reason: string;
  /** never-run also makes robots that run it fall back. */
  readonly severity: EnvironmentPolicy['deny'][number]['severity'];
  /** Nothing older than this release may be installed any more either. */
  readonly raiseFloor: boolean;
}
export interface RevokeChange extends RoleChange {
  readonly policy: EnvironmentPolicy;
}

export async function planRevoke(trust: TrustStore, { signed }: RoleHead, order: RevokeOrder): Promise<RevokeChange> {
  const { release, environment, reason, severity, raiseFloor } = order;
  const name = releaseTarget(environment, release);
  const entry = Object.hasOwn(signed.targets, name) ? signed.targets[name] : undefined;
  const custom = parse(ReleaseCustom, entry?.custom);
  if (!entry || !custom.ok) {
    throw new CliError(`${sayRelease(release)} is not published in ${environment}, or was revoked before.`, {
      hint: `See fairlead release list --env ${environment}.`,
      exitCode: EXIT.refused,
    });
  }
  const before = await readPolicy(trust, environment);
  const floor = Math.max(before.floor[release.component] ?? 0, raiseFloor ? custom.value.releaseCounter + 1 : 0);
  const policy: EnvironmentPolicy = {
    ...before,
    version: before.version + 1,
    floor: { ...before.floor, ...(floor > 0 && { [release.component]: floor }) },
    deny: [...before.deny, { sha256: entry.hashes.sha256, release: sayRelease(release), reason, severity }],
  };
  return { set: [{ name: policyTarget(environment), text: canonicalJson(policy) }], remove: [name], policy };
}
