/** Robots for people: one, or those that a selector chooses, a page at a time. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import { labelsOf } from '@fairlead/shared/fleet/labels-of';
import type { RobotView } from '@fairlead/shared/fleet/robot-facts';
import { matches, parseSelector, type Selector, type SelectorMistake } from '@fairlead/shared/fleet/selector';
import type { RobotId } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Store } from '../store/store.ts';
import { desiredReleases } from './desired-releases.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { labelled } from './labelled.ts';
import type { PresenceRegistry } from './presence-registry.ts';
import { type DesiredRelease, viewRobot } from './robot-view.ts';

export interface RobotViewDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly presence: PresenceRegistry;
  readonly settings: FleetSettings;
}
const DEFAULT_PAGE = 100;

export function listRobotsHandlers(
  deps: RobotViewDeps,
): Handlers<Pick<typeof operatorApi, 'listRobots' | 'showRobot'>> {
  return {
    async listRobots({ query }) {
      const selector = query.selector === undefined ? undefined : readSelector(query.selector);
      const limit = query.limit ?? DEFAULT_PAGE;
      const chosen: RobotRecord[] = [];
      // By name, after the last one of the page before: robots that join or leave meanwhile shift nothing.
      for (const record of await deps.store.robots.all()) {
        if (query.cursor !== undefined && record.robot <= query.cursor) continue;
        if (query.lifecycle !== undefined && record.lifecycle !== query.lifecycle) continue;
        const facts = deps.presence.of(record.robot)?.facts;
        if (selector !== undefined && !matches(selector, labelsOf(labelled(record, facts)))) continue;
        chosen.push(record);
        // One more than the page says that there is a next one.
        if (chosen.length > limit) break;
      }
      const page = chosen.slice(0, limit);
      const items = await viewRobots(deps, page);
      const last = page.at(-1);
      return { items, ...(last && page.length < chosen.length && { next: last.robot }) };
    },

    showRobot: async ({ params }) => viewOne(deps, await needRobot(deps.store, params.robot)),
  };
}

export async function viewOne(deps: RobotViewDeps, record: RobotRecord): Promise<RobotView> {
  const desired = await desiredReleases(deps.store, [record.robot]);
  return view(deps, record, desired);
}

async function viewRobots(deps: RobotViewDeps, records: readonly RobotRecord[]): Promise<RobotView[]> {
  const desired = await desiredReleases(
    deps.store,
    records.map(({ robot }) => robot),
  );
  return records.map((record) => view(deps, record, desired));
}

function view(
  { presence, settings, clock }: RobotViewDeps,
  record: RobotRecord,
  desired: ReadonlyMap<RobotId, readonly DesiredRelease[]>,
): RobotView {
  return viewRobot(record, presence.of(record.robot), desired.get(record.robot) ?? [], settings.now(), clock.now());
}

/** Rejects with not_found and the way to the right name. */
export async function needRobot({ robots }: Pick<Store, 'robots'>, robot: RobotId): Promise<RobotRecord> {
  const record = await robots.find(robot);
  if (record) return record;
  throw problem('not_found', `There is no robot ${robot}.`, { hint: 'fairlead robot list' });
}

/** Rejects with bad_request where the text is no selector. */
export function readSelector(text: string): Selector {
  const selector = parseSelector(text);
  if (selector.ok) return selector.value;
  throw selectorProblem(selector.refused);
}

export const selectorProblem = ({ at, message }: SelectorMistake) =>
  problem('bad_request', `The selector does not parse at character ${at + 1}: ${message}.`, {
    hint: 'Kubernetes syntax: group=warehouse,env in (staging,production),!maintenance',
    mistakes: [{ at: '/selector', message }],
  });
