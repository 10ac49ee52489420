/** Orders through the command line, and what becomes of them through the API. */
import { setTimeout as pause } from 'node:timers/promises';
import { deploymentApi } from '@fairlead/shared/api/deployment-api';
import type { DeploymentEvent, DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { parse } from '@fairlead/shared/parse';
import { succeed } from './fairlead.ts';
import type { LocalFleet } from './local-fleet.ts';

/** `fairlead deploy ARGS`; resolves with the deployments as they began. */
export async function order(
  fleet: LocalFleet,
  command: 'deploy' | 'rollback',
  ...args: readonly string[]
): Promise<readonly DeploymentView[]> {
  const reply = parse(deploymentApi.deploy.reply, await succeed(fleet.fairlead, command, ...args));
  if (!reply.ok) throw new Error(`fairlead ${command} --json printed ${JSON.stringify(reply.refused)}`);
  return reply.value.deployments;
}

export interface Ended {
  readonly view: DeploymentView;
  readonly events: readonly DeploymentEvent[];
}

/**
 * Watches deployments to their ends and tells each event once, as they happened.
 * @throws Error naming who has not ended after `timeoutMs`.
 */
export async function untilEnded(
  fleet: LocalFleet,
  deployments: readonly DeploymentView[],
  tell: (view: DeploymentView, event: DeploymentEvent) => void = () => {},
  timeoutMs = 60_000,
): Promise<readonly Ended[]> {
  const until = performance.now() + timeoutMs;
  const told = new Map<string, number>();
  for (;;) {
    const now = await Promise.all(
      deployments.map(async ({ deployment }) => {
        const { deployment: view, events } = await fleet.api.showDeployment({ params: { deployment } });
        return { view, events };
      }),
    );
    const news = now.flatMap(({ view, events }) =>
      events.slice(told.get(view.deployment) ?? 0).map((event) => ({ view, event })),
    );
    for (const { view, event } of news.toSorted((a, b) => a.event.at.localeCompare(b.event.at))) tell(view, event);
    for (const { view, events } of now) told.set(view.deployment, events.length);
    const open = now.filter(({ view }) => !isTerminal(view.state));
    if (open.length === 0) return now;
    if (performance.now() > until) {
      const stuck = open.map(({ view }) => `${view.robot} is ${view.state}`).join(', ');
      throw new Error(`Not ended after ${timeoutMs / 1000} s: ${stuck}`);
    }
    await pause(200);
  }
}
