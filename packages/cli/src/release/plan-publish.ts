/** What changes in an environment's role when a release enters it: one new entry, nothing else. */
import type { EnvironmentName } from '@fairlead/shared/ids';
import { sayRelease } from '@fairlead/shared/ids';
import { checkHealthChecks } from '@fairlead/shared/release/check-health-checks';
import type { Manifest, ReleaseIdentity } from '@fairlead/shared/release/manifest';
import { releaseTarget } from '@fairlead/shared/trust/names';
import { releaseEntry } from '@fairlead/shared/trust/release-entry';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import type { RoleHead } from '../trust/publisher-trust.ts';
import { readPolicy } from '../trust/read-signed.ts';
import { nextCounter } from './next-counter.ts';
import type { RoleChange } from './publish-role-change.ts';

export interface PublishOrder {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly identity: ReleaseIdentity;
  readonly environment: EnvironmentName;
  readonly promotedFrom?: EnvironmentName;
}
export interface PublishChange extends RoleChange {
  readonly releaseCounter: number;
}

/** Whether exactly this release is listed. Throws where another one is, under the same version. */
export function isPublished({ signed }: RoleHead, { identity, environment }: PublishOrder): boolean {
  const name = releaseTarget(environment, identity);
  const listed = Object.hasOwn(signed.targets, name) ? signed.targets[name] : undefined;
  if (!listed) return false;
  if (listed.hashes.sha256 === identity.manifestSha256) return true;
  throw new CliError(`Another ${sayRelease(identity)} is published in ${environment} already.`, {
    where: `manifest ${listed.hashes.sha256}`,
    hint: 'A published version never changes. Give this one a new version in release.yaml.',
    exitCode: EXIT.refused,
  });
}

/** Throws a CliError where the signed policy denies this very release, or no robot could ever keep it. */
export async function planPublish(
  context: CliContext,
  trust: TrustStore,
  head: RoleHead,
  order: PublishOrder,
): Promise<PublishChange> {
  const { manifest, manifestBytes, identity, environment, promotedFrom } = order;
  isPublished(head, order);
  const never = checkHealthChecks(manifest.healthChecks ?? []);
  if (never.length > 0) {
    throw new CliError(`${sayRelease(identity)} has a health check that can never pass:`, {
      mistakes: never.map(({ at, message }) => `${at.slice(1).replaceAll('/', '.')}: ${message}`),
      hint: 'Correct release.yaml and build a new version: every robot would roll this one back.',
      exitCode: EXIT.refused,
    });
  }
  const policy = await readPolicy(trust, environment);
  const denied = policy.deny.find(({ sha256 }) => sha256 === identity.manifestSha256);
  if (denied) {
    throw new CliError(`${sayRelease(identity)} was revoked in ${environment}: ${denied.reason}`, {
      hint: 'Robots refuse it for good. Build a new version.',
      exitCode: EXIT.refused,
    });
  }
  const { component } = manifest;
  const floor = policy.floor[component] ?? 0;
  const { signed } = head;
  const releaseCounter = await nextCounter(context.client().publish, { signed, environment, component, floor });
  const { name, custom } = releaseEntry({
    manifest,
    environment,
    releaseCounter,
    ...(promotedFrom && { promotedFrom }),
  });
  return { set: [{ name, text: Buffer.from(manifestBytes).toString('utf8'), custom }], remove: [], releaseCounter };
}
