/** An order is withdrawn. It binds until the robot begins to switch; after that only its verdict counts. */
import { type DeploymentId, sayRelease } from '@fairlead/shared/ids';
import { problem } from '../http/problem.ts';
import type { Deployment } from '../store/deployments.ts';
import type { AssignDeps } from './deploy.ts';
import { needDeployment } from './need-deployment.ts';
import { withdraw } from './withdraw.ts';

export async function cancelDeployment(deps: AssignDeps, id: DeploymentId, by: string): Promise<Deployment> {
  const cancelled = await deps.store.transaction(async (slices) => {
    const found = await needDeployment(slices, id);
    if (found.state === 'cancelled') return found;
    const withdrawn = await withdraw(slices, found, { by, now: deps.clock.now(), why: `${by} cancelled it.` });
    if (withdrawn) {
      const detail = `${found.robot} is not asked to run ${sayRelease(found)} any more.`;
      const action = 'deployment.cancel';
      await slices.audit.append({ at: deps.clock.now(), by, action, element: id, detail });
      return withdrawn;
    }
    throw problem('conflict', `It is ${found.state} already: too late to cancel.`, {
      hint: `Undo it instead: fairlead rollback --robot ${found.robot}`,
    });
  });
  deps.wake([cancelled.robot]);
  return cancelled;
}
