/**
 * A rollback asks nobody for approval, so it must be one: to a release that robots of the environment have run before.
 * Otherwise `rollback --to` would be the way around four eyes. Only what was deployed proves that: a robot goes back to
 * what it calls its previous release, and one that lies would make any release one that ran.
 */
import type { EnvironmentName, ReleaseRef } from '@fairlead/shared/ids';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';

const PAGE = 500;

export async function ranBefore(
  { deployments }: Pick<Slices, 'deployments'>,
  environment: EnvironmentName,
  { component, version }: ReleaseRef,
): Promise<boolean> {
  // A release that became degraded after its commit ran there all the same.
  for (const state of ['succeeded', 'degraded'] as const) {
    let page = await deployments.list({ component, state }, { limit: PAGE });
    while (page.length > 0) {
      if (page.some((each) => isDeployed(each) && each.version === version && each.environment === environment))
        return true;
      page = await deployments.list({ component, state }, { limit: PAGE, after: page.at(-1)?.deployment });
    }
  }
  return false;
}

const isDeployed = ({ kind }: Deployment): boolean => kind === 'deploy';
