/** The director's answer: desired state of one robot, as the document it will verify (TRUST 4.9). Pure. */
import type { Refusal } from '@fairlead/shared/failure';
import { isOrdered } from '@fairlead/shared/fleet/deployment';
import type { CheckInPace } from '@fairlead/shared/fleet/settings';
import { type Instant, MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Assignment, ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { Deployment } from '../store/deployments.ts';
import type { Desired } from '../store/desired.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { OnlineVersions } from '../trust/sign-online.ts';
import type { Held } from './holds.ts';

/** Robots refuse more than 15 minutes; a slow link and a slow clock fit into this. */
const LIFETIME_MS = 10 * MINUTE;

export function buildAssignment(order: {
  readonly robot: RobotRecord;
  readonly desired: Desired;
  readonly versions: OnlineVersions;
  readonly held: Held;
  readonly nonce: string;
  /** Absent where the robot does not understand a signed pace. */
  readonly next: CheckInPace | undefined;
  readonly now: Instant;
}): Assignment {
  const { robot, desired, versions, held, nonce, next, now } = order;
  const told = desired.deployments.filter((each) => isOrdered(each.state) && !held.isWithheld(each));
  return {
    schema: 'fairlead.assignment.v1',
    robot: robot.robot,
    environment: robot.environment,
    seq: desired.generation,
    issuedAt: toTimestamp(now),
    expiresAt: toTimestamp(now + LIFETIME_MS),
    nonce,
    components: told.map((deployment) => toOrder(deployment, held)),
    minTimestampVersion: versions.timestamp,
    minSnapshotVersion: versions.snapshot,
    ...(next && { next }),
  };
}

const toOrder = (of: Deployment, { holds }: Held): ComponentOrder => ({
  component: of.component,
  deployment: of.deployment,
  target: { path: of.target, version: of.version, sha256: of.manifestSha256, length: of.manifestLength },
  ...(of.allowDowngrade && { allowDowngrade: { reason: of.reason ?? of.kind, by: of.createdBy } }),
  ...hold(holds.get(of.deployment)),
  // For good, also when it runs: two assignments of one seq must say the same.
  ...(of.part && { confirm: true }),
  ...(of.override && { override: of.override }),
});

const hold = (held: Refusal | undefined): Pick<ComponentOrder, 'hold'> => (held ? { hold: held } : {});
