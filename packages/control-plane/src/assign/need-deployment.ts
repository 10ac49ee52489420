import type { DeploymentId } from '@fairlead/shared/ids';
import { problem } from '../http/problem.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';

/** Throws `not_found`. */
export async function needDeployment(
  { deployments }: Pick<Slices, 'deployments'>,
  id: DeploymentId,
): Promise<Deployment> {
  const found = await deployments.find(id);
  if (!found) throw problem('not_found', `There is no deployment ${id}.`, { hint: 'See fairlead deployment list.' });
  return found;
}
