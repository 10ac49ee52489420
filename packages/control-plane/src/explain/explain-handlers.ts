/** "Why is nothing happening?" for one robot, and for the whole fleet at a glance. */
import { setImmediate } from 'node:timers/promises';
import type { fleetApi } from '@fairlead/shared/api/fleet-api';
import type { ReplyOf } from '@fairlead/shared/api/route';
import type { Alarm } from '@fairlead/shared/fleet/alarm';
import { countedState } from '@fairlead/shared/fleet/degradation';
import { explain } from '@fairlead/shared/fleet/explain';
import type { ExplainFacts, Order, RolloutWord } from '@fairlead/shared/fleet/explain-facts';
import { differenceOf } from '@fairlead/shared/fleet/measured';
import { classifyPresence } from '@fairlead/shared/fleet/presence';
import { DEPLOYMENT_STATES, LIFECYCLES, PRESENCES } from '@fairlead/shared/fleet/states';
import type { RobotId } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import { whyNotRepaired } from '../assign/repair.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import { needRobot } from '../fleet/list-robots.ts';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import type { Handlers } from '../http/handlers.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Heard } from '../store/presence.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Store } from '../store/store.ts';
import { countRunning } from './count-running.ts';
import { withUsableHint } from './usable-hint.ts';

export interface ExplainDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly presence: PresenceRegistry;
  readonly settings: FleetSettings;
  /** What rollouts say of one robot. */
  readonly rolloutsOf: (robot: RobotRecord) => Promise<readonly RolloutWord[]>;
}
const MOST_ALERTS = 20;
const MOST_ATTENTION = 50;
const AT_ONCE = 250;
/** After so much work others have their turn: by time, because on a busy server each turn of theirs is long. */
const SLICE_MS = 10;

export function explainHandlers(deps: ExplainDeps): Handlers<Pick<typeof fleetApi, 'explainRobot' | 'fleetStatus'>> {
  const { store, presence } = deps;
  return {
    explainRobot: async ({ params }) => {
      const robot = await needRobot(store, params.robot);
      const { deployments } = await store.desired.of(robot.robot);
      const trustInitialised = (await store.metadata.newest('root')) !== undefined;
      const rollouts = await deps.rolloutsOf(robot);
      const orders = await withDifferences(deps, deployments);
      const alerts = await unresolvedOf(store, robot.robot);
      return { ...explain({ ...factsOf(deps, robot, orders, trustInitialised), rollouts }), alerts };
    },
    fleetStatus: async () => {
      const robots = await store.robots.all();
      const counts = await store.deployments.counts();
      const trustInitialised = (await store.metadata.newest('root')) !== undefined;
      const fleet: ExplainFacts[] = [];
      const blocked: Blocked[] = [];
      let since = performance.now();
      for (let at = 0; at < robots.length; at += AT_ONCE) {
        // A large fleet takes a second to look through: whoever checks in meanwhile is answered in between.
        if (performance.now() - since > SLICE_MS) {
          await setImmediate();
          since = performance.now();
        }
        const some = robots.slice(at, at + AT_ONCE);
        const desired = await store.desired.named(some.map(({ robot }) => robot));
        const facts: ExplainFacts[] = [];
        for (const robot of some) {
          const orders = await withDifferences(deps, desired.get(robot.robot) ?? []);
          facts.push(factsOf(deps, robot, orders, trustInitialised));
        }
        fleet.push(...facts);
        blocked.push(...blockedAmong(facts));
      }
      const members = fleet.filter(({ lifecycle }) => lifecycle === 'accepted');
      return {
        robots: robots.length,
        presence: countBy(PRESENCES, (presence) => members.filter((facts) => facts.presence === presence).length),
        lifecycle: countBy(LIFECYCLES, (state) => robots.filter(({ lifecycle }) => lifecycle === state).length),
        running: countRunning(members.map(({ robot }) => presence.of(robot)?.facts.components ?? [])),
        deployments: countBy(DEPLOYMENT_STATES, (state) => counts.get(state) ?? 0),
        attention: worstFirst(blocked),
        alerts: await store.alarms.counts(),
      };
    },
  };
}

/** Names why a robot that does not run what it was ordered is not ordered it again. Reads only for such robots. */
async function withDifferences(
  { store, presence, clock }: ExplainDeps,
  deployments: readonly Deployment[],
): Promise<readonly Order[]> {
  const orders: Order[] = [];
  for (const order of deployments) {
    const facts = presence.of(order.robot)?.facts ?? {};
    const differs = differenceOf(order, facts.components) !== undefined;
    const notRepaired = differs ? await whyNotRepaired(store, order, facts, clock.now()) : undefined;
    const explained = await withUsableHint(store, { ...order, state: countedState(order) });
    orders.push(notRepaired ? { ...explained, notRepaired } : explained);
  }
  return orders;
}

const unresolvedOf = async ({ alarms }: Store, robot: RobotId): Promise<Alarm[]> => [
  ...(await alarms.list({ states: ['open', 'acknowledged'], robot }, { limit: MOST_ALERTS })),
];

type Attention = ReplyOf<typeof fleetApi.fleetStatus>['attention'];
interface Blocked {
  readonly urgency: number;
  readonly told: Attention[number];
}

/** Robots that need a person. Who was sent away on purpose needs nobody. */
const blockedAmong = (fleet: readonly ExplainFacts[]): Blocked[] =>
  fleet
    .filter(({ lifecycle }) => lifecycle === 'accepted' || lifecycle === 'pending')
    .map((facts) => ({ urgency: urgency(facts), told: explain(facts) }))
    .filter(({ told }) => told.blocked);

const worstFirst = (blocked: readonly Blocked[]): Attention =>
  blocked
    .toSorted((a, b) => a.urgency - b.urgency)
    .slice(0, MOST_ATTENTION)
    .map(({ told }) => told);

/** 0 is the worst: somebody may have cloned it; then updates that went wrong; then silence; then those that wait. */
function urgency({ lifecycle, quarantined, presence, orders }: ExplainFacts): number {
  if (lifecycle === 'pending') return 4;
  if (quarantined) return 0;
  if (orders.some(({ state }) => state === 'failed' || state === 'rolled-back' || state === 'degraded')) return 1;
  if (orders.some(({ state }) => state === 'rejected')) return 2;
  return presence === 'offline' || presence === 'never-seen' ? 3 : 4;
}

function factsOf(
  { presence, settings, clock }: ExplainDeps,
  { robot, lifecycle, quarantined }: RobotRecord,
  orders: readonly Order[],
  trustInitialised: boolean,
): ExplainFacts {
  const heard: Heard | undefined = presence.of(robot);
  const now = clock.now();
  const { activity, components } = heard?.facts ?? {};
  return {
    robot,
    now,
    lifecycle,
    presence: classifyPresence(heard?.lastSeen, now, settings.now()),
    ...(heard?.lastSeen !== undefined && { lastSeen: heard.lastSeen }),
    ...(quarantined && { quarantined }),
    trustInitialised,
    orders,
    ...(activity && { activity }),
    ...(components && { components }),
  };
}

/** Every key is there, those nobody has with 0. */
const countBy = <K extends string>(keys: readonly K[], countOf: (key: K) => number): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, countOf(key)])) as Record<K, number>;
