/** The director's answer: desired state of one robot, as the document it will verify (TRUST 4.9). Pure. */
import { isOrdered } from '@fairlead/shared/fleet/deployment';
import { type Instant, MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Assignment, ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { Deployment } from '../store/deployments.ts';
import type { Desired } from '../store/desired.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { OnlineVersions } from '../trust/sign-online.ts';

/** Robots refuse more than 15 minutes; a slow link and a slow clock fit into this. */
const LIFETIME_MS = 10 * MINUTE;

export function buildAssignment(order: {
  readonly robot: RobotRecord;
  readonly desired: Desired;
  readonly versions: OnlineVersions;
  readonly nonce: string;
  readonly now: Instant;
}): Assignment {
  const { robot, desired, versions, nonce, now } = order;
  return {
    schema: 'fairlead.assignment.v1',
    robot: robot.robot,
    environment: robot.environment,
    seq: desired.generation,
    issuedAt: toTimestamp(now),
    expiresAt: toTimestamp(now + LIFETIME_MS),
    nonce,
    components: desired.deployments.filter(({ state }) => isOrdered(state)).map(toOrder),
    minTimestampVersion: versions.timestamp,
    minSnapshotVersion: versions.snapshot,
  };
}

const toOrder = (of: Deployment): ComponentOrder => ({
  component: of.component,
  deployment: of.deployment,
  target: { path: of.target, version: of.version, sha256: of.manifestSha256, length: of.manifestLength },
  ...(of.allowDowngrade && { allowDowngrade: { reason: of.reason ?? of.kind, by: of.createdBy } }),
});
