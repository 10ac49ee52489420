/**
 * Releases that a robot was rolled back from are abandoned: a rollback without a version passes them over, because what
 * a robot calls `previous` after a rollback is the very release that it left. Going back to one needs its version and
 * a confirmation. An order that names the release again and succeeds ends the record.
 */
import type { Refusal } from '@fairlead/shared/failure';
import { isSwitching } from '@fairlead/shared/fleet/deployment';
import { type RobotId, sayRelease } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import type { RunningRelease } from '@fairlead/shared/trust/report';
import type { AbandonedRelease } from '../store/abandoned.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';
import { activeOf } from './judge-order.ts';
import type { Statement } from './runs-already.ts';

/** Records what a rollback leaves: what the robot reports to run, and what it is switching to. */
export async function recordLeft(
  { abandoned }: Pick<Slices, 'abandoned'>,
  rollback: Deployment,
  standing: Deployment | undefined,
  { facts }: Statement,
): Promise<void> {
  const { robot, component, manifestSha256, deployment, createdAt: at, createdBy: by, reason } = rollback;
  const active = activeOf(facts, component);
  const target = standing && isSwitching(standing.state) ? standing : undefined;
  // In the middle of a switch a robot still reports the release that it goes back to.
  const left = [active, target]
    .flatMap((release) => release ?? [])
    .filter((it) => it.manifestSha256 !== manifestSha256);
  for (const release of left) {
    await abandoned.save({
      robot,
      component,
      version: release.version,
      manifestSha256: release.manifestSha256,
      at,
      by,
      deployment,
      ...(reason !== undefined && { reason }),
    });
  }
}

/**
 * After a robot's report: it rolled back by itself, or it runs again what a person ordered by name. `left` is what it ran
 * before, by its own report: a rollback that was cancelled too late has left it all the same.
 */
export async function recordOutcome(
  { abandoned }: Pick<Slices, 'abandoned'>,
  before: Deployment,
  after: Deployment,
  left: RunningRelease | undefined,
): Promise<void> {
  if (after.state === 'succeeded') {
    await abandoned.forget(after, after.createdAt);
    if (after.kind === 'rollback' && left) await recordCarriedOut({ abandoned }, after, left);
    return;
  }
  const wasSwitched = isSwitching(before.state);
  if (after.state !== 'rolled-back' && !(after.state === 'failed' && wasSwitched)) return;
  const { robot, component, version, manifestSha256, deployment, endedAt: at = after.createdAt, refusal } = after;
  const reason = refusal && { reason: refusal.detail };
  await abandoned.save({ robot, component, version, manifestSha256, at, by: robot, deployment, ...reason });
}

async function recordCarriedOut(
  { abandoned }: Pick<Slices, 'abandoned'>,
  { robot, component, manifestSha256, deployment, createdAt: at, createdBy: by, reason }: Deployment,
  left: RunningRelease,
): Promise<void> {
  if (left.manifestSha256 === manifestSha256) return;
  const known = await abandoned.of(robot, component);
  if (known.some((release) => release.manifestSha256 === left.manifestSha256)) return;
  const release = { version: left.version, manifestSha256: left.manifestSha256 };
  await abandoned.save({ robot, component, ...release, at, by, deployment, ...(reason !== undefined && { reason }) });
}

/** Why a robot does not go back to a release that it was rolled back from. */
export function abandonedRefusal(robot: RobotId, release: AbandonedRelease): Refusal {
  const { component, version, by, at, reason } = release;
  const because = reason === undefined ? '' : `: ${reason}`;
  return {
    phase: 'assign',
    component,
    element: sayRelease(release),
    category: 'abandoned',
    detail: `${robot} was rolled back from ${sayRelease(release)} by ${by} at ${toTimestamp(at)}${because}`.slice(
      0,
      1900,
    ),
    retryable: false,
    hint: `Name an older version with --to, or confirm this one: fairlead rollback --robot ${robot} --component ${component} --to ${version} --yes`,
  };
}
