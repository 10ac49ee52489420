/**
 * The fleet's rules of this moment, with what the robots say of themselves. Every check-in asks them, so they are kept
 * in memory: changed here they hold at once, changed on another replica as soon as its signal comes.
 */
import { labelsOf } from '@fairlead/shared/fleet/labels-of';
import { type FleetLimits, type Population, populationOf } from '@fairlead/shared/fleet/limits';
import { MINUTE, SECOND } from '@fairlead/shared/time';
import { eachRobot } from '../fleet/each-robot.ts';
import { labelled } from '../fleet/labelled.ts';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import { type LookAgainOptions, lookAgain } from '../signals/look-again.ts';
import type { Signals } from '../signals/signals.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Store } from '../store/store.ts';
import { fleetRules } from './fleet-rules.ts';
import type { FleetRules } from './rollout-deps.ts';

export interface OpenRules {
  now(): FleetRules;
  /** What was just changed holds here when this resolves, and the other replicas are told. */
  reload(): Promise<void>;
  stop(): void;
}
interface OpenRulesDeps {
  readonly store: Store;
  readonly presence: PresenceRegistry;
  readonly signals: Signals;
  readonly looking: LookAgainOptions;
}
/** Should a signal ever be lost. */
const RELOADED_EVERY = 10 * SECOND;
const COUNTED_EVERY = MINUTE;

export async function openRules({ store, presence, signals, looking }: OpenRulesDeps): Promise<OpenRules> {
  const known = (robot: RobotRecord) => labelled(robot, presence.of(robot.robot)?.facts);
  let population: Population = new Map();
  let budgets: FleetLimits['budgets'] = [];
  let current: FleetRules;

  const read = async () => {
    const book = await store.rules.all();
    current = fleetRules(book, known, () => population);
    return book.limits.budgets;
  };
  const countIfAsked = async () => {
    const shares = budgets.filter(({ maxUnavailable }) => typeof maxUnavailable === 'string');
    if (shares.length === 0) return;
    const counted = new Map<string, number>();
    for await (const robot of eachRobot(store.robots)) {
      if (robot.lifecycle !== 'accepted') continue;
      for (const [place, count] of populationOf(shares, [{ labels: labelsOf(known(robot)) }])) {
        counted.set(place, (counted.get(place) ?? 0) + count);
      }
    }
    population = counted;
  };
  const look = async () => {
    const before = JSON.stringify(budgets);
    budgets = await read();
    if (JSON.stringify(budgets) !== before) await countIfAsked();
  };

  signals.onChange('settings', lookAgain(look, looking));
  await look();
  const timers = [
    setInterval(() => void look().catch(looking.onFailure), RELOADED_EVERY).unref(),
    setInterval(() => void countIfAsked().catch(looking.onFailure), COUNTED_EVERY).unref(),
  ];
  return {
    now: () => current,
    async reload() {
      await look();
      signals.changed('settings');
    },
    stop: () => timers.forEach((timer) => clearInterval(timer)),
  };
}
