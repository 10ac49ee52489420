/** An order is withdrawn. It binds until the robot begins to switch; after that only its verdict counts. */
import type { Refusal } from '@fairlead/shared/failure';
import { afterCancel } from '@fairlead/shared/fleet/deployment';
import type { DeploymentId, RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { problem } from '../http/problem.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';
import type { AssignDeps } from './deploy.ts';

export async function cancelDeployment(deps: AssignDeps, id: DeploymentId, by: string): Promise<Deployment> {
  const cancelled = await deps.store.transaction(async (slices) => {
    const found = await slices.deployments.find(id);
    if (!found) throw problem('not_found', `There is no deployment ${id}.`);
    if (found.state === 'cancelled') return found;
    const withdrawn = await withdraw(slices, found, { by, now: deps.clock.now(), why: `${by} cancelled it` });
    if (withdrawn) return withdrawn;
    throw problem('conflict', `It is ${found.state} already: too late to cancel.`, {
      hint: `Undo it instead: fairlead rollback --robot ${found.robot}`,
    });
  });
  deps.wake([cancelled.robot]);
  return cancelled;
}

/** The robot leaves the fleet: nothing is ordered of it any more. */
export async function withdrawAll(
  slices: Slices,
  robot: RobotId,
  order: { readonly by: string; readonly now: Instant; readonly why: string },
): Promise<void> {
  const { deployments } = await slices.desired.of(robot);
  for (const deployment of deployments) {
    await withdraw(slices, deployment, order);
    await slices.desired.unset(robot, deployment.component);
  }
  if (deployments.length > 0) await slices.desired.raise(robot);
}

/** Undefined where it has ended, or the robot has begun to switch. */
async function withdraw(
  { deployments, desired }: Slices,
  found: Deployment,
  { by, now, why }: { readonly by: string; readonly now: Instant; readonly why: string },
): Promise<Deployment | undefined> {
  const state = afterCancel(found.state);
  if (state === found.state) return undefined;
  const refusal: Refusal = {
    phase: 'assign',
    component: found.component,
    element: found.deployment,
    category: 'cancelled',
    detail: `${why}.`,
    retryable: true,
    hint: 'Deploy again when it is wanted.',
  };
  const cancelled = { ...found, state, endedAt: now, refusal };
  await desired.raise(found.robot);
  await deployments.save(cancelled, { at: now, state, by, refusal });
  return cancelled;
}
