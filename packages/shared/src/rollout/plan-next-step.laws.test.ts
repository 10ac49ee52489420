import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ComponentName, Version } from '../ids.ts';
import { DAY } from '../time.ts';
import { planNextStep } from './plan-next-step.ts';
import { allowanceOf, limitOf, type RolloutSpec, type Stage } from './rollout-spec.ts';
import { checkShape } from './strategy.ts';
import { drive, factsOf, type Model, type ModelRobot, model, soakedUntil } from './testing/model-rollout.ts';

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
type Move =
  | { readonly robot: number; readonly ends: 'well' | 'badly' }
  | { readonly robot: number; readonly later: 'degrades' | 'recovers' | 'goes-offline' | 'comes-back' }
  | { readonly sec: number };
const MOVE: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ robot: fc.nat(40), ends: fc.constantFrom('well', 'well', 'well', 'badly') }) },
  { weight: 1, arbitrary: fc.record({ sec: fc.integer({ min: 1, max: 900 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      robot: fc.nat(40),
      later: fc.constantFrom('degrades', 'recovers', 'goes-offline', 'comes-back'),
    }),
  },
);

function happen(world: Model, move: Move): void {
  if ('sec' in move) {
    world.now += move.sec * 1000;
    checkIn(world);
    return;
  }
  const robot = world.robots[move.robot % world.robots.length];
  if (!robot) return;
  if ('ends' in move) step(robot, move.ends);
  else changeLater(world, robot, move.later);
}
/** All that are online. */
function checkIn({ robots, now }: Model): void {
  for (const robot of robots) if (!robot.offline) robot.seen = now;
}
function changeLater(
  { now }: Model,
  robot: ModelRobot,
  later: 'degrades' | 'recovers' | 'goes-offline' | 'comes-back',
) {
  if (later === 'degrades' && robot.place === 'succeeded') robot.place = 'degraded';
  if (later === 'goes-offline') robot.offline = true;
  if (later !== 'recovers' && later !== 'comes-back') return;
  if (robot.place === 'degraded') robot.place = 'succeeded';
  Object.assign(robot, { offline: false, seen: now });
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
  if (rollout.state === 'running') for (let at = 0; at < rollout.stage; at += 1) passedStageHolds(world, at);
}

/** Of a stage that has passed, in a rollout that still runs. */
function passedStageHolds({ rollout, robots, now }: Model, index: number): void {
  const cohort = robots.filter(({ stage }) => stage === index);
  const failed = cohort.filter(({ place }) => place === 'failed' || place === 'degraded').length;
  const allowed = allowanceOf(rollout.spec.stages[index]?.gate?.maxFailures ?? 0, cohort.length);
  expect(failed, 'no later stage goes on beside too many failures of an earlier one').toBeLessThanOrEqual(allowed);
  const until = soakedUntil(rollout, index);
  if (until === undefined || rollout.stages[index]?.endedAt !== now) return;
  const unseen = cohort.filter(({ place, seen }) => place === 'succeeded' && seen < until);
  expect(unseen, 'a stage passes its soak once all its robots were seen after it').toEqual([]);
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
        for (const robot of world.robots) Object.assign(robot, { offline: false, seen: world.now });
        drive(world);
        lawsHold(world, cohorts);
      }
      expect(['completed', 'paused']).toContain(world.rollout.state);
      if (world.rollout.state === 'paused') {
        expect(world.rollout.stopped?.why.category).toMatch(/^too_(many_failures|few_successes|few_robots)$/);
      } else {
        expect(world.robots.every(({ place }) => ['succeeded', 'degraded', 'failed', 'silent'].includes(place))).toBe(
          true,
        );
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

/** What one robot does in one round of the game. */
const DEED = fc.constantFrom('well', 'well', 'well', 'well', 'well', 'waits', 'badly', 'degrades', 'goes-offline');
const LENIENT: fc.Arbitrary<RolloutSpec> = fc
  .record({
    soakSec: fc.constantFrom(0, 40, 90),
    percent: fc.integer({ min: 20, max: 60 }),
    maxFailures: fc.constantFrom(0, 1, 2, '20%' as const),
  })
  .map(({ soakSec, percent, maxFailures }): RolloutSpec => {
    const gate = { minSuccesses: 1, maxFailures };
    const stages = [
      { upTo: { percent }, soakSec, gate },
      { upTo: { percent: 100 }, soakSec, gate },
    ];
    return { ...BASE, strategy: 'canary', stages };
  });

test('a stage that passed early is judged further, and a soak ends only when all its robots were seen', () => {
  const reached = { lateStop: 0, soaked: 0 };
  fc.assert(
    fc.property(
      LENIENT,
      fc.array(fc.array(DEED, { minLength: 12, maxLength: 12 }), { maxLength: 40 }),
      (spec, rounds) => {
        const world = model(spec, 12);
        const cohorts = new Map<string, number>();
        drive(world);
        for (const [round, deeds] of rounds.entries()) {
          for (const [at, deed] of deeds.entries()) {
            const robot = world.robots[at];
            if (!robot || deed === 'waits') continue;
            if (deed === 'well' || deed === 'badly') step(robot, deed);
            // Not too often: most stages must be able to pass.
            else if ((round + at) % 4 === 0) changeLater(world, robot, deed);
          }
          world.now += round % 9 === 8 ? 350_000 : 20_000;
          checkIn(world);
          const before = world.rollout;
          drive(world);
          lawsHold(world, cohorts);
          const { rollout } = world;
          if (rollout.stages.some(({ state }, at) => state === 'failed' && at < rollout.stage)) reached.lateStop += 1;
          if (rollout.stage > before.stage && soakedUntil(rollout, before.stage) !== undefined) reached.soaked += 1;
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(reached.lateStop, 'rollouts stopped by an earlier stage').toBeGreaterThan(10);
  expect(reached.soaked, 'stages passed after a soak').toBeGreaterThan(10);
});
