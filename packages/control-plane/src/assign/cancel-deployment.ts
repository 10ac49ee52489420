/** An order is withdrawn. It binds until the robot begins to switch; after that only its verdict counts. */
import { isCommitted } from '@fairlead/shared/fleet/deployment';
import { isTerminal } from '@fairlead/shared/fleet/states';
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
    const since = isTerminal(found.state) ? 'It has ended' : 'The robot has begun to switch';
    const detail = `${since} (${found.state}): too late to cancel.`;
    const { deployments } = await slices.desired.of(found.robot);
    const isStanding = deployments.some(({ deployment }) => deployment === id);
    throw problem('conflict', detail, { hint: adviseInstead(found, isStanding) });
  });
  deps.wake([cancelled.robot]);
  return cancelled;
}

/** A rollback of what changed nothing, or of another rollback, would take the robot further back than anybody asked for. */
function adviseInstead({ robot, component, kind, state }: Deployment, isStanding: boolean): string {
  if (isTerminal(state) && !(isStanding && isCommitted(state))) {
    return `Nothing was done. See what the robot runs: fairlead explain ${robot}`;
  }
  return kind === 'rollback'
    ? `To bring it forward again, name the release: fairlead deploy --robot ${robot} --release ${component}@VERSION`
    : `Undo it instead: fairlead rollback --robot ${robot} --component ${component}`;
}
