/** Taking orders back, in the caller's transaction. */
import type { Refusal } from '@fairlead/shared/failure';
import { afterCancel } from '@fairlead/shared/fleet/deployment';
import type { RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { Deployment } from '../store/deployments.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';

export interface Withdrawal {
  /** The operator, or control-plane. */
  readonly by: string;
  readonly now: Instant;
  /** One sentence, kept in the history. */
  readonly why: string;
}

/** Cancels one deployment. Undefined where it has ended, or the robot has begun to switch. */
export async function withdraw(
  { abandoned, deployments, desired }: Slices,
  found: Deployment,
  { by, now, why }: Withdrawal,
): Promise<Deployment | undefined> {
  const state = afterCancel(found.state);
  if (state === found.state) return undefined;
  const refusal: Refusal = {
    phase: 'assign',
    component: found.component,
    element: found.deployment,
    category: 'cancelled',
    detail: why,
    retryable: true,
    hint: 'Deploy again when it is wanted.',
  };
  const cancelled = { ...found, state, endedAt: now, refusal };
  await desired.raise(found.robot);
  if (found.kind === 'rollback') await abandoned.forgetLeftBy(found.deployment);
  await deployments.save(cancelled, { at: now, state, by, refusal });
  return cancelled;
}

/** The robot leaves the fleet: nothing is ordered of it any more. */
export async function withdrawAll(slices: Slices, robot: RobotId, withdrawal: Withdrawal): Promise<void> {
  const { deployments } = await slices.desired.of(robot);
  for (const deployment of deployments) await drop(slices, deployment, withdrawal);
}

/** The robot was enrolled into another environment: orders from the old one mean nothing there. */
export async function withdrawForeign(slices: Slices, robot: RobotRecord, now: Instant): Promise<void> {
  const { deployments } = await slices.desired.of(robot.robot);
  for (const deployment of deployments.filter(({ environment }) => environment !== robot.environment)) {
    const why = `The robot is in ${robot.environment} now.`;
    await drop(slices, deployment, { by: 'control-plane', now, why });
  }
}

async function drop(slices: Slices, deployment: Deployment, withdrawal: Withdrawal): Promise<void> {
  await withdraw(slices, deployment, withdrawal);
  await slices.desired.raise(deployment.robot);
  await slices.desired.unset(deployment.robot, deployment.component);
}
