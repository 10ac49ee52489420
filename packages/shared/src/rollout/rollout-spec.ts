/**
 * What an operator orders: one release, for a target, in stages. Every strategy is written down as stages, so that
 * there is one engine: canary and staged have several, rolling has one that goes in batches, blue-green has one whose
 * robots switch together.
 */
import { type Static, Type } from 'typebox';
import { Target } from '../fleet/target.ts';
import { ComponentName, EnvironmentName, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';
import { SKIPPABLE } from '../trust/assignment.ts';

const closed = { additionalProperties: false };
const DAY_SEC = 86_400;

/** A number of robots, or a share of the stage's cohort: `3` or `"25%"`. `allowanceOf`, `requirementOf` and `limitOf` count it. */
export const HowMany = Type.Union([
  Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  Type.String({ pattern: '^(100|[1-9]?[0-9])%$', description: 'A share: 0% to 100%.' }),
]);
export type HowMany = Static<typeof HowMany>;

/** How far a stage reaches. Percent and count are counted from the first stage on; a selector takes whom it names. */
export const Reach = Type.Union(
  [
    Type.Object({ percent: Type.Number({ exclusiveMinimum: 0, maximum: 100 }) }, closed),
    Type.Object({ count: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }, closed),
    Type.Object({ selector: Type.String({ minLength: 1, maxLength: 1000 }) }, closed),
  ],
  {
    description: 'Up to this share or number of the target (earlier stages included), or the robots a selector names.',
  },
);
export type Reach = Static<typeof Reach>;

export const MetricCondition = Type.Object(
  {
    metric: Type.String({ pattern: '^[a-zA-Z_][a-zA-Z0-9_.-]{0,99}$', description: 'As robots name it in check-ins.' }),
    max: Type.Optional(Type.Number()),
    min: Type.Optional(Type.Number()),
    share: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Of the robots that must keep it. Default 0.95.' }),
    ),
  },
  { ...closed, description: 'A threshold on what the updated robots of the stage say of themselves.' },
);
export type MetricCondition = Static<typeof MetricCondition>;

export const Gate = Type.Object(
  {
    minSuccesses: Type.Optional({ ...HowMany, description: 'Robots that must succeed; a share is rounded up.' }),
    maxFailures: Type.Optional({
      ...HowMany,
      description: 'Fail the stage after more than this many failures; a share is rounded down. Default 0.',
    }),
    confidence: Type.Optional(
      Type.Number({
        minimum: 0.5,
        maximum: 0.999,
        description:
          'Judge the share of failures by its Wilson bounds at this confidence: a few robots prove little. Needs maxFailures as a share.',
      }),
    ),
    conditions: Type.Optional(Type.Array(MetricCondition, { maxItems: 20 })),
    manual: Type.Optional(Type.Boolean({ description: 'A person promotes: fairlead rollout promote.' })),
  },
  {
    ...closed,
    description:
      'What must hold to go on. Defaults: 90% successes, 0 failures. It fails as soon as it can no longer be passed.',
  },
);
export type Gate = Static<typeof Gate>;

export const Stage = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9 -]{0,39}$',
        description: 'Name of a stage: lower-case letters, digits, blanks and dashes, at most 40.',
      }),
    ),
    upTo: Reach,
    soakSec: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * DAY_SEC, description: 'Default 0.' })),
    timeoutSec: Type.Optional(
      Type.Integer({
        minimum: 10,
        maximum: 90 * DAY_SEC,
        description:
          'A robot that has not ended by then is counted as timed out and passed over. Default 1800, plus the probation of the release.',
      }),
    ),
    gate: Type.Optional(Gate),
    batch: Type.Optional(
      Type.Object(
        { size: HowMany, delaySec: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * DAY_SEC })) },
        { ...closed, description: 'Rolling: so many at a time; the next when these have ended and the delay is over.' },
      ),
    ),
    maxUnavailable: Type.Optional({
      ...HowMany,
      description: 'Robots of the stage that may be switching at the same time; a share is rounded down, but not to 0.',
    }),
  },
  closed,
);
export type Stage = Static<typeof Stage>;

export const STRATEGIES = ['canary', 'rolling', 'blue-green'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** What happens when a gate fails. `revert` rolls back what this rollout touched; a version sends the whole target there. */
export const FailurePolicy = Type.Union([
  Type.Enum(['pause', 'halt', 'revert']),
  Type.Object({ toVersion: Version }, closed),
]);
export type FailurePolicy = Static<typeof FailurePolicy>;

/** Characters: a shorter one explains no emergency to those who read it. */
export const SHORTEST_EMERGENCY_REASON = 5;

export const Emergency = Type.Object(
  {
    reason: Type.String({ minLength: SHORTEST_EMERGENCY_REASON, maxLength: 500 }),
    skips: Type.Array(Type.Enum(['approval', 'limits', ...SKIPPABLE]), {
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
    }),
  },
  { ...closed, description: 'Break glass: these are stepped over, and everybody hears of it.' },
);
export type Emergency = Static<typeof Emergency>;

export const ConfirmAbandoned = Type.Optional(
  Type.Boolean({
    description:
      'With a named version: also to a release that robots were rolled back from. Without it such robots are refused.',
  }),
);

export const RolloutSpec = Type.Object(
  {
    kind: Type.Enum(['deploy', 'rollback']),
    component: ComponentName,
    version: Type.Optional({
      ...Version,
      description: 'Absent only for a rollback: then each robot goes to its own previous release.',
    }),
    environment: EnvironmentName,
    target: Target,
    strategy: Type.Enum([...STRATEGIES]),
    stages: Type.Array(Stage, { minItems: 1, maxItems: 50 }),
    newRobots: Type.Enum(['include', 'leave-out'], {
      description: 'Robots that come to match the target after the rollout began.',
    }),
    onFailure: FailurePolicy,
    priority: Type.Integer({
      minimum: 0,
      maximum: 100,
      description: 'Who goes first where robots or limits are shared.',
    }),
    startAt: Type.Optional(Timestamp),
    switchAt: Type.Optional({ ...Timestamp, description: 'Blue-green: when all switch. Absent: on command.' }),
    allowDowngrade: Type.Optional(Type.Boolean()),
    seed: Type.Optional(
      Type.String({
        maxLength: 100,
        description: 'Chooses the cohorts. Default: the release, so that a repeat chooses the same.',
      }),
    ),
    reason: Type.Optional(Type.String({ maxLength: 500 })),
    emergency: Type.Optional(Emergency),
    confirmAbandoned: ConfirmAbandoned,
  },
  closed,
);
export type RolloutSpec = Static<typeof RolloutSpec>;

/** Failures that are allowed, of a cohort of `of` robots. Rounds down: never more than what was written. */
export const allowanceOf = (many: HowMany, of: number): number => Math.floor(shareOf(many, of));

/** Successes that are required, of a cohort of `of` robots. Rounds up: never fewer than what was written. */
export const requirementOf = (many: HowMany, of: number): number => Math.ceil(shareOf(many, of));

/**
 * How many robots may be changed at the same time: a batch, a budget. Rounds down, but not to 0: with a limit of
 * 10% a group of three robots is still updated, one by one. Only 0 and 0% stand for none.
 */
export function limitOf(many: HowMany, of: number): number {
  if (many === 0 || many === '0%') return 0;
  return Math.max(1, allowanceOf(many, of));
}

const shareOf = (many: HowMany, of: number): number =>
  typeof many === 'number' ? many : (of * Number.parseInt(many, 10)) / 100;
