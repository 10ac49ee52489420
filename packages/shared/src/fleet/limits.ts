/**
 * How much of the fleet may be in update at once: over all of it, and per value of a label (`site`, `customer`). A
 * robot counts from the grant of its switch until its deployment has ended. Pure, so that what decides also explains.
 */
import { type Static, Type } from 'typebox';
import type { Refusal } from '../failure.ts';
import type { RobotId } from '../ids.ts';
import { HowMany, limitOf } from '../rollout/rollout-spec.ts';
import type { Labels } from './robot-facts.ts';

const closed = { additionalProperties: false };
const LABEL_KEY = '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$';

export const DisruptionBudget = Type.Object(
  {
    label: Type.String({
      pattern: LABEL_KEY,
      maxLength: 317,
      description: 'Label key, such as site: each of its values has this budget to itself.',
    }),
    value: Type.Optional(Type.String({ maxLength: 63, description: 'Only this value; every value where absent.' })),
    maxUnavailable: {
      ...HowMany,
      description:
        'Robots in update at once, or a share of the robots with that value, rounded down, but not to 0. 0: none at all.',
    },
  },
  closed,
);
export type DisruptionBudget = Static<typeof DisruptionBudget>;

export const FleetLimits = Type.Object(
  {
    maxConcurrent: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Robots between grant and end at once, over the whole fleet.' }),
    ),
    maxStaging: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Robots that download, stage and test at once.' }),
    ),
    budgets: Type.Array(DisruptionBudget, { maxItems: 200, description: 'A robot must fit into each that names it.' }),
    quarantineAfter: Type.Integer({
      minimum: 1,
      maximum: 100,
      description: 'Failures of one robot in a row after which it is left alone. Default 3.',
    }),
  },
  closed,
);
export type FleetLimits = Static<typeof FleetLimits>;

export const DEFAULT_LIMITS: FleetLimits = { budgets: [], quarantineAfter: 3 };

export interface Candidate {
  readonly robot: RobotId;
  /** What a selector could ask of it: labelsOf(robot). */
  readonly labels: Labels;
}
/** How many robots there are per label value, for percentages: `population.get('site=munich')`. */
export type Population = ReadonlyMap<string, number>;

export interface WithinLimits {
  readonly limits: FleetLimits;
  /** In the order in which they should be taken. */
  readonly candidates: readonly Candidate[];
  /** Everybody between grant and end, whichever rollout granted it. */
  readonly unavailable: readonly Pick<Candidate, 'labels'>[];
  readonly population?: Population;
}
export interface Picked {
  readonly picked: readonly RobotId[];
  readonly refused: ReadonlyMap<RobotId, Refusal>;
}

/**
 * Takes candidates in their order as long as every limit that names them has room; one that does not fit blocks
 * nobody behind it.
 */
export function pickWithinLimits({ limits, candidates, unavailable, population }: WithinLimits): Picked {
  const used = tally(limits.budgets, unavailable);
  let busy = unavailable.length;
  const picked: RobotId[] = [];
  const refused = new Map<RobotId, Refusal>();
  for (const { robot, labels } of candidates) {
    const places = placesOf(limits.budgets, labels);
    const full = places.find(
      ({ key, place, budget }) => (used.get(key) ?? 0) >= allowed(budget, population?.get(place)),
    );
    if (limits.maxConcurrent !== undefined && busy >= limits.maxConcurrent) {
      refused.set(robot, fleetIsFull(busy, limits.maxConcurrent));
    } else if (full) {
      const most = allowed(full.budget, population?.get(full.place));
      refused.set(robot, placeIsFull(full, used.get(full.key) ?? 0, most));
    } else {
      picked.push(robot);
      busy += 1;
      for (const { key } of places) used.set(key, (used.get(key) ?? 0) + 1);
    }
  }
  return { picked, refused };
}

interface Place {
  /** One counter: budgets of one label and value are counted apart, so that each is kept. */
  readonly key: string;
  /** site=munich */
  readonly place: string;
  readonly budget: DisruptionBudget;
}

/** The budgets that name a robot. One without the label is under none of that label's. */
function placesOf(budgets: readonly DisruptionBudget[], labels: Labels): readonly Place[] {
  return budgets.flatMap((budget, index) => {
    const value = Object.hasOwn(labels, budget.label) ? labels[budget.label] : undefined;
    if (value === undefined || (budget.value !== undefined && budget.value !== value)) return [];
    const place = `${budget.label}=${value}`;
    return [{ key: `${index} ${place}`, place, budget }];
  });
}

function tally(budgets: readonly DisruptionBudget[], robots: WithinLimits['unavailable']): Map<string, number> {
  const used = new Map<string, number>();
  for (const { labels } of robots) {
    for (const { key } of placesOf(budgets, labels)) used.set(key, (used.get(key) ?? 0) + 1);
  }
  return used;
}

/** A share of a crowd that nobody counted is taken of one robot: too little, never too much. */
const allowed = ({ maxUnavailable }: DisruptionBudget, population = 1): number => limitOf(maxUnavailable, population);

/** The counts that `population` wants, from everybody in the fleet. */
export function populationOf(budgets: readonly DisruptionBudget[], fleet: readonly Pick<Candidate, 'labels'>[]) {
  const population = new Map<string, number>();
  for (const { labels } of fleet) {
    const places = new Set(placesOf(budgets, labels).map(({ place }) => place));
    for (const place of places) population.set(place, (population.get(place) ?? 0) + 1);
  }
  return population;
}

const robots = (count: number): string => (count === 1 ? '1 robot' : `${count} robots`);

function placeIsFull({ place, budget }: Place, used: number, most: number): Refusal {
  const share = typeof budget.maxUnavailable === 'string' ? ` (${budget.maxUnavailable})` : '';
  return {
    phase: 'wait',
    element: place,
    category: 'budget_full',
    detail:
      most === 0
        ? `${place} may have no robot in update.`
        : `${place} has ${used} of ${robots(most)}${share} in update.`,
    retryable: true,
    hint:
      most === 0
        ? `An admin lifts that: fairlead budget set ${budget.value === undefined ? budget.label : place} --max 1`
        : 'Nothing: it goes on when one of them has ended.',
  };
}

const fleetIsFull = (busy: number, most: number): Refusal => ({
  phase: 'wait',
  element: 'maxConcurrent',
  category: 'fleet_full',
  detail: `The fleet has ${busy} of ${robots(most)} in update.`,
  retryable: true,
  hint: 'Nothing: it goes on when one of them has ended.',
});
