/** A silent robot's place in its stage times out (DESIGN 7.10): the fleet does not wait for a robot in a cellar. */
import type { Refusal } from '@fairlead/shared/failure';
import { advance } from '@fairlead/shared/fleet/deployment';
import type { RobotId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { RETRY_STATES, type RolloutState } from '@fairlead/shared/rollout/states';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import { readRelease } from '../assign/deploy.ts';
import { placeOrder } from '../assign/place-order.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';
import { changeRollout } from './change-rollout.ts';
import { mayTimeOut } from './deadline.ts';
import type { RolloutDeps } from './rollout-deps.ts';

const PIECE = 40;

export async function timeOut(deps: RolloutDeps, rollout: Rollout, now: Instant): Promise<void> {
  const robots = await deps.store.transaction(async (slices) => {
    const told: RobotId[] = [];
    await changeRollout(slices, rollout, {}, now);
    for (const deployment of await slices.rollouts.overdue(rollout.rollout, now, PIECE)) {
      await timeOutOne(deps, slices, rollout, deployment, now);
      told.push(deployment.robot);
    }
    return told;
  });
  deps.wake(robots);
}

/** In rollouts that are paused or have ended: a robot that froze in its switch does not keep the place of others. */
export async function timeOutWithoutDriver(deps: RolloutDeps, now: Instant): Promise<void> {
  if (!mayTimeOut(deps.startedAt, now)) return;
  if ((await deps.store.rollouts.overdueWithoutDriver(now, 1)).length === 0) return;
  const robots = await deps.store.transaction(async (slices) => {
    const overdue = await slices.rollouts.overdueWithoutDriver(now, PIECE);
    for (const deployment of overdue) {
      const rollout = deployment.part && (await slices.rollouts.find(deployment.part.rollout));
      if (rollout) await timeOutOne(deps, slices, rollout, deployment, now);
    }
    return overdue.map(({ robot }) => robot);
  });
  deps.wake(robots);
}

async function timeOutOne(
  deps: RolloutDeps,
  slices: Slices,
  rollout: Rollout,
  deployment: Deployment,
  now: Instant,
): Promise<void> {
  const state = advance(deployment.state, 'timed-out');
  const refusal = tooLate(rollout, deployment);
  await slices.desired.raise(deployment.robot);
  await slices.deployments.save(
    { ...deployment, state, endedAt: now, refusal },
    { at: now, state, by: 'control-plane', refusal },
  );
  if (deployment.kind === 'rollback' && (await isStillWanted(slices, rollout, deployment))) {
    await keepOrdered(deps, slices, rollout, deployment, now);
  }
}

const GIVEN_UP: readonly RolloutState[] = ['aborted', 'superseded'];

/** Not where a person gave the rollback up, or has ordered something else of the robot while it switched. */
async function isStillWanted({ desired }: Slices, { state }: Rollout, deployment: Deployment): Promise<boolean> {
  if (GIVEN_UP.includes(state)) return false;
  const { deployments } = await desired.of(deployment.robot);
  const standing = deployments.find(({ component }) => component === deployment.component);
  return standing?.deployment === deployment.deployment;
}

/**
 * The rollout passes the robot over, but going back stays ordered: a robot that returns after days is brought back at
 * its first check-in, without a person.
 */
async function keepOrdered(
  deps: RolloutDeps,
  slices: Slices,
  { rollout }: Rollout,
  { robot, environment, component, version, manifestSha256 }: Deployment,
  now: Instant,
): Promise<void> {
  const release = (await readRelease(slices, environment, { component, version }))?.published;
  if (release?.manifestSha256 !== manifestSha256 || release.revoked) return;
  await placeOrder(slices, {
    deployment: deps.newId(),
    robot,
    release,
    kind: 'rollback',
    allowDowngrade: true,
    statement: deps.statementOf(robot),
    by: 'control-plane',
    reason: `${robot} did not go back in time with ${rollout}: this order waits for its return.`,
    now,
  });
}

const tooLate = (of: Rollout, deployment: Deployment): Refusal => {
  const { rollout, spec } = of;
  const { robot, state, part, version } = deployment;
  const canRetry = RETRY_STATES.includes(of.state);
  return {
    phase: 'assign',
    component: spec.component,
    element: rollout,
    category: 'timed_out',
    detail: `${robot} was ${state} when its time ran out at ${toTimestamp(part?.deadline ?? 0)}.`,
    retryable: true,
    hint: `See what it said last (fairlead robot show ${robot}), then ${canRetry ? `fairlead rollout retry ${rollout}` : `fairlead deploy --robot ${robot} --release ${spec.component}@${version}`}.`,
  };
};
