import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ComponentName, Version } from '../ids.ts';
import { DAY } from '../time.ts';
import { planNextStep } from './plan-next-step.ts';
import { limitOf, type RolloutSpec, type Stage } from './rollout-spec.ts';
import { checkShape } from './strategy.ts';
import { drive, factsOf, type Model, type ModelRobot, model } from './testing/model-rollout.ts';

const HOW_MANY = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom('10%', '34%', '50%'));
const STAGE: fc.Arbitrary<Omit<Stage, 'upTo'>> = fc.record(
  {
    soakSec: fc.integer({ min: 0, max: 600 }),
    timeoutSec: fc.integer({ min: 60, max: 7200 }),
    maxUnavailable: HOW_MANY,
    gate: fc.record(
      { minSuccesses: fc.oneof(HOW_MANY, fc.constant('90%')), maxFailures: fc.oneof(fc.constant(0), HOW_MANY) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const BATCH = fc.record({ size: HOW_MANY, delaySec: fc.integer({ min: 0, max: 300 }) }, { requiredKeys: ['size'] });
const REACH = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 3 })
  .map((list) => [...list.sort((a, b) => a - b), 100]);
const BASE = {
  kind: 'deploy',
  component: 'duck-policy' as ComponentName,
  version: '2.0.0' as Version,
  environment: 'production',
  target: { all: true },
  newRobots: 'leave-out',
  onFailure: 'pause',
  priority: 50,
} as const;
const SPEC: fc.Arbitrary<RolloutSpec> = fc.oneof(
  REACH.chain((reach) =>
    fc.tuple(...reach.map((percent) => STAGE.map((stage): Stage => ({ ...stage, upTo: { percent } })))),
  ).map((stages): RolloutSpec => ({ ...BASE, strategy: 'canary', stages })),
  fc.tuple(STAGE, BATCH).map(
    ([stage, batch]): RolloutSpec => ({
      ...BASE,
      strategy: 'rolling',
      stages: [{ ...stage, batch, upTo: { percent: 100 } }],
    }),
  ),
  STAGE.map(
    (stage): RolloutSpec => ({
      ...BASE,
      strategy: 'blue-green',
      switchAt: '1970-01-01T01:00:00.000Z',
      stages: [{ ...stage, upTo: { percent: 100 } }],
    }),
  ),
);

/** What the world does next: a robot moves, or time passes. */
type Move = { readonly robot: number; readonly ends: 'well' | 'badly' } | { readonly sec: number };
const MOVE: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ robot: fc.nat(40), ends: fc.constantFrom('well', 'well', 'well', 'badly') }) },
  { weight: 1, arbitrary: fc.record({ sec: fc.integer({ min: 1, max: 900 }) }) },
);

function happen(world: Model, move: Move): void {
  if ('sec' in move) {
    world.now += move.sec * 1000;
    return;
  }
  const robot = world.robots[move.robot % world.robots.length];
  if (robot) step(robot, move.ends);
}
function step(robot: ModelRobot, ends: 'well' | 'badly'): void {
  if (robot.place === 'staging') robot.place = 'ready';
  else if (robot.place === 'granted') robot.place = ends === 'well' ? 'succeeded' : 'failed';
}

/** After every turn of the engine, whatever the world did. */
function lawsHold(world: Model, cohorts: Map<string, number>): void {
  const { rollout, robots } = world;
  const granted = robots.filter(({ place }) => place === 'granted').length;
  for (const { robot, stage } of robots) {
    if (stage < 0) continue;
    expect(cohorts.get(robot) ?? stage, 'a cohort is fixed when its stage begins').toBe(stage);
    cohorts.set(robot, stage);
  }
  const stage = rollout.spec.stages[rollout.stage];
  const progress = rollout.stages[rollout.stage];
  // A later stage may allow fewer than an earlier one had granted already.
  if (stage?.maxUnavailable !== undefined && progress?.state === 'running' && rollout.spec.stages.length === 1) {
    expect(granted).toBeLessThanOrEqual(limitOf(stage.maxUnavailable, progress.size));
  }
  expect(
    robots.filter(({ stage: at }) => at > rollout.stage),
    'nobody of a later stage is touched',
  ).toEqual([]);
  if (rollout.spec.strategy === 'blue-green' && rollout.switchingSince === undefined) expect(granted).toBe(0);
}

test('every rollout ends, or rests with a reason that is true, and never breaks a limit on the way', () => {
  fc.assert(
    fc.property(SPEC, fc.integer({ min: 0, max: 30 }), fc.array(MOVE, { maxLength: 120 }), (spec, size, moves) => {
      fc.pre(checkShape(spec).ok);
      const world = model(spec, size);
      const cohorts = new Map<string, number>();
      drive(world);
      for (const move of moves) {
        happen(world, move);
        drive(world);
        lawsHold(world, cohorts);
      }
      // From here on the world is kind: everybody that can go on does, and days pass.
      for (let round = 0; round < 400 && world.rollout.state === 'running'; round += 1) {
        for (const robot of world.robots) step(robot, 'well');
        world.now += round % 3 === 0 ? 600_000 : 1000;
        drive(world);
        lawsHold(world, cohorts);
      }
      expect(['completed', 'paused']).toContain(world.rollout.state);
      if (world.rollout.state === 'paused') {
        expect(world.rollout.stopped?.why.category).toMatch(/^too_(many_failures|few_successes|few_robots)$/);
      } else {
        expect(world.robots.every(({ place }) => ['succeeded', 'failed', 'silent'].includes(place))).toBe(true);
      }
    }),
    { numRuns: 400 },
  );
});

test('a world that stands still times out: no silent robot keeps a rollout for ever', () => {
  fc.assert(
    fc.property(SPEC, fc.integer({ min: 1, max: 12 }), (spec, size) => {
      fc.pre(checkShape(spec).ok);
      const world = model(spec, size);
      for (let days = 0; days < 300 && !hasStopped(world); days += 1) {
        drive(world);
        world.now += DAY;
      }
      expect(hasStopped(world)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
const hasStopped = ({ rollout }: Model): boolean => rollout.state === 'paused' || rollout.state === 'completed';

test('a hold that names its end is over at that end: something else is decided, or for another reason', () => {
  fc.assert(
    fc.property(SPEC, fc.integer({ min: 1, max: 20 }), fc.array(MOVE, { maxLength: 60 }), (spec, size, moves) => {
      fc.pre(checkShape(spec).ok);
      const world = model(spec, size);
      drive(world);
      for (const move of moves) {
        happen(world, move);
        const hold = drive(world);
        if (hold.until === undefined) continue;
        expect(hold.until).toBeGreaterThan(world.now);
        const then = planNextStep(factsOf({ ...world, now: hold.until }));
        const isSame = then.do === 'hold' && then.why.category === hold.why.category && then.until === hold.until;
        expect(isSame).toBe(false);
      }
    }),
    { numRuns: 200 },
  );
});

test('a rollout that stands still is given nothing, whatever its robots do', () => {
  fc.assert(
    fc.property(SPEC, fc.integer({ min: 1, max: 20 }), fc.array(MOVE, { maxLength: 60 }), (spec, size, moves) => {
      fc.pre(checkShape(spec).ok);
      const world = model(spec, size);
      for (const move of moves.slice(0, 30)) {
        drive(world);
        happen(world, move);
      }
      world.rollout = { ...world.rollout, state: 'paused' };
      for (const move of moves.slice(30)) {
        happen(world, move);
        expect(planNextStep(factsOf(world)).do).toBe('hold');
      }
    }),
    { numRuns: 100 },
  );
});
