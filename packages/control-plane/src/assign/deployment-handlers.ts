/** Orders and their history over HTTP. */
import type { deploymentApi } from '@fairlead/shared/api/deployment-api';
import type { fleetApi } from '@fairlead/shared/api/fleet-api';
import { DeploymentId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { needRobot } from '../fleet/list-robots.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { Deployment, DeploymentFilter } from '../store/deployments.ts';
import type { Store } from '../store/store.ts';
import { cancelDeployment } from './cancel-deployment.ts';
import { type AssignDeps, deploy, type Ordered } from './deploy.ts';
import { needDeployment } from './need-deployment.ts';
import { rollBack } from './roll-back.ts';
import { viewDeployment, viewEvent } from './view-deployment.ts';

const DEFAULT_PAGE = 100;

export function deploymentHandlers(
  deps: AssignDeps,
): Handlers<typeof deploymentApi & Pick<typeof fleetApi, 'robotHistory'>> {
  const { store } = deps;
  const withEvents = async (found: Deployment) => ({
    deployment: viewDeployment(found),
    events: (await store.deployments.events(found.deployment)).map(viewEvent),
  });
  return {
    deploy: async ({ body, caller }) => viewOrdered(await deploy(deps, body, caller)),
    rollBack: async ({ body, caller }) => viewOrdered(await rollBack(deps, body, caller)),
    cancelDeployment: async ({ params, caller }) =>
      viewDeployment(await cancelDeployment(deps, params.deployment, caller.actor)),
    listDeployments: async ({ query }) => {
      const { items, next } = await page(store, query, query);
      return { items: items.map(viewDeployment), ...(next !== undefined && { next }) };
    },
    showDeployment: async ({ params }) => withEvents(await needDeployment(store, params.deployment)),
    robotHistory: async ({ params, query }) => {
      await needRobot(store, params.robot);
      const { items, next } = await page(store, params, query);
      return { items: await Promise.all(items.map(withEvents)), ...(next !== undefined && { next }) };
    },
  };
}

const viewOrdered = ({ deployments, skipped }: Ordered) => ({
  deployments: deployments.map(viewDeployment),
  skipped: [...skipped],
});

async function page(
  { deployments }: Store,
  filter: DeploymentFilter,
  { cursor, limit = DEFAULT_PAGE }: { readonly cursor?: string; readonly limit?: number },
): Promise<{ items: readonly Deployment[]; next?: DeploymentId }> {
  const after = cursor === undefined ? undefined : parse(DeploymentId, cursor);
  if (after && !after.ok) throw problem('bad_request', 'The cursor is not one that this list gave out.');
  const found = await deployments.list(filter, { after: after?.value, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, ...(found.length > limit && last && { next: last.deployment }) };
}
