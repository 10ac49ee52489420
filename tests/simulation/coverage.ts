/**
 * Which invariants a set of runs has exercised. An invariant that none of them exercised fails the set, whatever
 * their swarms had enabled: of a promise that nothing tested it is unknown whether it is kept.
 */
import { ALL_INVARIANTS, INVARIANTS, type Invariant } from './invariants/checks.ts';
import type { Outcome } from './stage.ts';
import { ALL_FEATURES, type Feature, type Swarm } from './world/swarm.ts';

/** How often each invariant was exercised in all these runs. */
export function exercised(outcomes: readonly Pick<Outcome, 'checks'>[]): ReadonlyMap<Invariant, number> {
  const sum = (name: Invariant) => outcomes.reduce((all, { checks }) => all + (checks.get(name) ?? 0), 0);
  return new Map(ALL_INVARIANTS.map((name) => [name, sum(name)]));
}

export const neverExercised = (outcomes: readonly Pick<Outcome, 'checks'>[]): readonly Invariant[] =>
  [...exercised(outcomes)].filter(([, count]) => count === 0).map(([name]) => name);

interface Needs {
  readonly says: string;
  readonly needs?: readonly Feature[];
  readonly needsOneOf?: readonly Feature[];
}
const needsOf = (name: Invariant): Needs => INVARIANTS[name];

/** What the swarm lacks to put the invariant to the test at all; empty where only chance was missing. */
export function missingFor(name: Invariant, swarm: Swarm): readonly Feature[] {
  const { needs = [], needsOneOf = [] } = needsOf(name);
  const missing = needs.filter((feature) => !swarm.has(feature));
  return needsOneOf.length > 0 && !needsOneOf.some((feature) => swarm.has(feature))
    ? [...missing, ...needsOneOf]
    : missing;
}

/** The features that help to exercise these invariants: the next seed is run with them. */
export function featuresFor(names: readonly Invariant[]): readonly Feature[] {
  const wanted = new Set(
    names.flatMap((name) => [...(needsOf(name).needs ?? []), ...(needsOf(name).needsOneOf ?? [])]),
  );
  return ALL_FEATURES.filter((feature) => wanted.has(feature));
}
