/**
 * A release was revoked: no robot is told of it any more. Updates that have not switched yet are cancelled;
 * where it runs already it keeps running (TRUST 4.5), until an operator deploys something better.
 */
import type { Refusal } from '@fairlead/shared/failure';
import { afterCancel } from '@fairlead/shared/fleet/deployment';
import type { RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { asTargetName, type TargetName } from '@fairlead/shared/trust/names';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';

/** Answers the robots whose order changed. */
export async function withdrawRevoked(
  { releases, desired, deployments }: Slices,
  order: { readonly names: readonly string[]; readonly now: Instant; readonly by: string },
): Promise<readonly RobotId[]> {
  const revoked = new Set<TargetName>();
  for (const text of order.names) {
    const name = asTargetName(text);
    if (name === undefined) continue;
    revoked.add(name);
    await releases.revoke(name, { at: order.now, by: order.by });
  }
  if (revoked.size === 0) return [];
  const told: RobotId[] = [];
  for (const [robot, orders] of await desired.all()) {
    const hit = orders.filter(({ target }) => revoked.has(target));
    if (hit.length === 0) continue;
    told.push(robot);
    await desired.raise(robot);
    for (const deployment of hit) {
      await desired.unset(robot, deployment.component);
      const state = afterCancel(deployment.state);
      if (state === deployment.state) continue;
      const refusal = revokedRefusal(deployment);
      const event = { at: order.now, state, by: order.by, refusal };
      await deployments.save({ ...deployment, state, refusal, endedAt: order.now }, event);
    }
  }
  return told;
}

const revokedRefusal = ({ component, version }: Deployment): Refusal => ({
  phase: 'assign',
  component,
  element: `${component}@${version}`,
  category: 'revoked',
  detail: `${component}@${version} was revoked before the robot switched to it.`,
  retryable: false,
  hint: 'Deploy another release.',
});
