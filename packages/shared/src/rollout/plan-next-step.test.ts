import { describe, expect, test } from 'vitest';
import type { Refusal } from '../failure.ts';
import type { ComponentName, Version } from '../ids.ts';
import { planNextStep } from './plan-next-step.ts';
import type { RolloutFacts } from './rollout-facts.ts';
import type { HowMany, Reach, RolloutSpec } from './rollout-spec.ts';
import { factsOf, type Model, model, type Place, seconds } from './testing/model-rollout.ts';

const ROLLING: RolloutSpec = {
  kind: 'deploy',
  component: 'duck-policy' as ComponentName,
  version: '2.0.0' as Version,
  environment: 'production',
  target: { all: true },
  newRobots: 'leave-out',
  onFailure: 'pause',
  priority: 50,
  strategy: 'rolling',
  stages: [{ upTo: { percent: 100 }, maxUnavailable: 2 }],
};

/** A rollout whose last stage somebody let pass while these robots were still at it. */
function promotedWith(...places: Place[]): Model {
  const promoted = model(ROLLING, places.length);
  promoted.robots.forEach((robot, index) => {
    robot.stage = 0;
    robot.place = places[index] ?? 'outside';
    robot.deadline = Infinity;
  });
  const [stage] = promoted.rollout.stages;
  if (stage) promoted.rollout.stages = [{ ...stage, state: 'passed', size: places.length }];
  promoted.rollout = { ...promoted.rollout, state: 'running', stage: 1 };
  return promoted;
}

test('robots left behind by a promotion switch within the limit of the last stage', () => {
  const next = (...places: Place[]) => planNextStep(factsOf(promotedWith(...places)));
  expect(next('ready', 'ready', 'ready', 'ready')).toEqual({ do: 'grant', atMost: 2 });
  expect(next('granted', 'ready', 'ready', 'ready')).toEqual({ do: 'grant', atMost: 1 });
  expect(next('granted', 'granted', 'ready')).toMatchObject({ do: 'hold', why: { category: 'stragglers' } });
});

/** Three of six robots have it; the second stage has begun and found nobody. */
function secondStageOf(upTo: Reach, members = 6): Model {
  const stages = [{ upTo: { count: 3 } }, { upTo, soakSec: 3600 }, { upTo: { percent: 100 } }];
  const empty = model({ ...ROLLING, strategy: 'canary', stages }, members);
  empty.robots.slice(0, 3).forEach((robot) => {
    robot.stage = 0;
    robot.place = 'succeeded';
  });
  const [first, second, third] = empty.rollout.stages;
  if (!first || !second || !third) throw new Error('it has three stages');
  empty.rollout = {
    ...empty.rollout,
    state: 'running',
    stage: 1,
    stages: [{ ...first, state: 'passed', size: 3 }, { ...second, state: 'running' }, third],
  };
  return empty;
}

test('a stage whose selector is nobody stops for a person instead of letting the fleet have it', () => {
  expect(planNextStep(factsOf(secondStageOf({ selector: 'site=munch' })))).toMatchObject({
    do: 'stop',
    stage: 'inconclusive',
    why: { category: 'too_few_robots', detail: 'None of the robots that are left is site=munch.' },
  });
});

test('a person may let a stage of nobody pass', () => {
  const { rollout, ...rest } = secondStageOf({ selector: 'site=munch' });
  const stages = rollout.stages.map((stage, at) => (at === 1 ? { ...stage, promotedBy: 'ann' } : stage));
  expect(planNextStep(factsOf({ ...rest, rollout: { ...rollout, stages } }))).toMatchObject({ do: 'pass-stage' });
});

test('where all robots have had their turn, a selector that finds no more holds nobody up', () => {
  expect(planNextStep(factsOf(secondStageOf({ selector: 'site=munch' }, 3)))).toEqual({ do: 'soak' });
});

test('a share that earlier stages have reached does not soak: there is nobody to watch', () => {
  const { rollout, ...rest } = secondStageOf({ percent: 50 });
  const soaking = rollout.stages.map((stage, at) =>
    at === 1 ? { ...stage, state: 'soaking' as const, soakingSince: 0 } : stage,
  );
  expect(planNextStep(factsOf({ ...rest, rollout: { ...rollout, stages: soaking } }))).toMatchObject({
    do: 'pass-stage',
  });
});

test('who asks why a stage still runs is told where the names of its robots stand', () => {
  const { rollout, ...rest } = secondStageOf({ percent: 50 });
  const first = rollout.stages.map((stage, at) => (at === 0 ? { ...stage, state: 'running' as const } : stage));
  const robots = rest.robots.map((robot, at) =>
    at === 0 ? { ...robot, place: 'staging' as const, deadline: Infinity } : robot,
  );
  expect(planNextStep(factsOf({ ...rest, robots, rollout: { ...rollout, stage: 0, stages: first } }))).toMatchObject({
    why: { category: 'stage_running', hint: expect.stringContaining('fairlead rollout robots ro_0123456789') },
  });
});

/** A canary of three that passed with `minSuccesses: 1`; the second stage of five is running. */
function afterEarlyPass(
  canary: readonly Place[],
  maxFailures: HowMany = 0,
  second: readonly Place[] = ['granted'],
): Model {
  const stages = [{ upTo: { count: 3 }, gate: { minSuccesses: 1, maxFailures } }, { upTo: { percent: 100 } }];
  const early = model({ ...ROLLING, strategy: 'canary', stages }, canary.length + second.length);
  [...canary, ...second].forEach((place, index) => {
    const robot = early.robots[index];
    if (robot) Object.assign(robot, { place, stage: index < canary.length ? 0 : 1, deadline: Infinity });
  });
  const [first, last] = early.rollout.stages;
  if (!first || !last) throw new Error('it has two stages');
  const passed = { ...first, state: 'passed' as const, size: canary.length };
  early.rollout = {
    ...early.rollout,
    state: 'running',
    stage: 1,
    stages: [passed, { ...last, state: 'running', size: second.length }],
  };
  return early;
}

describe('after an early pass by minSuccesses', () => {
  test('a straggler that fails stops the rollout in the stage that it belongs to', () => {
    expect(planNextStep(factsOf(afterEarlyPass(['succeeded', 'failed', 'granted'])))).toMatchObject({
      do: 'stop',
      stage: 'failed',
      index: 0,
      why: {
        element: '1',
        category: 'too_many_failures',
        detail: '1 of 3 robots failed, and none may; the stage had passed before.',
      },
    });
  });

  test('a robot that degrades later stops the rollout, and failures within the limit do not', () => {
    const next = (...places: Place[]) => planNextStep(factsOf(afterEarlyPass(places, 1)));
    expect(next('succeeded', 'degraded', 'failed')).toMatchObject({ do: 'stop', index: 0 });
    expect(next('succeeded', 'degraded', 'granted')).toMatchObject({ do: 'hold' });
  });

  test('failures that a person accepted do not stop the rollout a second time', () => {
    const world = afterEarlyPass(['succeeded', 'failed', 'granted']);
    const failed = world.robots.find((robot) => robot.place === 'failed');
    if (failed) failed.accepted = true;
    expect(planNextStep(factsOf(world))).toMatchObject({ do: 'hold' });
    // It was accepted of this robot and of no other one.
    if (failed) failed.place = 'succeeded';
    const [other] = world.robots;
    if (other) other.place = 'degraded';
    expect(planNextStep(factsOf(world))).toMatchObject({ do: 'stop', index: 0 });
  });

  test('the stragglers are judged after the last stage, too', () => {
    const world = afterEarlyPass(['succeeded', 'succeeded', 'failed'], 0, ['succeeded']);
    const [first, last] = world.rollout.stages;
    if (!first || !last) throw new Error('it has two stages');
    world.rollout = { ...world.rollout, stage: 2, stages: [first, { ...last, state: 'passed' }] };
    expect(planNextStep(factsOf(world))).toMatchObject({ do: 'stop', index: 0 });
  });
});

describe('a stage that soaks', () => {
  const soaking = (...robots: readonly { readonly place: Place; readonly seenSec: number }[]): Model => {
    const stages = [{ name: 'canary', upTo: { count: robots.length }, soakSec: 40 }, { upTo: { percent: 100 } }];
    const world = model({ ...ROLLING, strategy: 'canary', stages }, robots.length + 1);
    robots.forEach(({ place, seenSec }, index) => {
      Object.assign(world.robots[index] ?? {}, { robot: `duck-${index}`, place, stage: 0, seen: seconds(seenSec) });
    });
    const [first, last] = world.rollout.stages;
    if (!first || !last) throw new Error('it has two stages');
    const progress = { ...first, state: 'soaking' as const, size: robots.length, soakingSince: 0 };
    world.rollout = { ...world.rollout, state: 'running', stages: [progress, last] };
    return world;
  };
  const at = (sec: number, world: Model) => planNextStep(factsOf({ ...world, now: seconds(sec) }));

  test('fails as soon as one of its robots is degraded', () => {
    const world = soaking({ place: 'succeeded', seenSec: 10 }, { place: 'degraded', seenSec: 10 });
    expect(at(12, world)).toMatchObject({ do: 'stop', stage: 'failed', why: { element: 'canary' } });
  });

  test('passes once each of its robots has checked in after the soak, and names those that have not', () => {
    const world = soaking({ place: 'succeeded', seenSec: 41 }, { place: 'succeeded', seenSec: 39 });
    expect(at(42, world)).toMatchObject({
      do: 'hold',
      until: seconds(339),
      why: { category: 'soak_unseen', detail: expect.stringContaining('1 robot has not checked in since (duck-1)') },
    });
    expect(at(42, soaking({ place: 'succeeded', seenSec: 41 }, { place: 'succeeded', seenSec: 40 }))).toMatchObject({
      do: 'pass-stage',
    });
  });

  test('marks a robot that went offline, before and after its end', () => {
    expect(at(300, soaking({ place: 'succeeded', seenSec: 0 }))).toEqual({ do: 'mark-silent' });
    expect(at(339, soaking({ place: 'succeeded', seenSec: 39 }))).toEqual({ do: 'mark-silent' });
  });

  test('that a person promotes waits for no check-in', () => {
    const world = soaking({ place: 'succeeded', seenSec: 0 });
    const stages = world.rollout.stages.map((stage, index) => (index === 0 ? { ...stage, promotedBy: 'ann' } : stage));
    world.rollout = { ...world.rollout, stages };
    expect(at(350, world)).toMatchObject({ do: 'pass-stage', why: 'promoted by ann' });
  });
});

test('a rollout that a gate has paused names the failures of now, and not those of the moment when it stopped', () => {
  const paused = model(ROLLING, 3);
  const [first, second, third] = paused.robots;
  if (!first || !second || !third) throw new Error('there are three robots');
  for (const robot of paused.robots) Object.assign(robot, { stage: 0, place: 'granted', deadline: Infinity });
  first.place = 'failed';
  const why = planNextStep({ ...factsOf(working(paused)), now: 0 });
  if (why.do !== 'stop') throw new Error('the gate fails');
  const [stage] = paused.rollout.stages;
  if (!stage) throw new Error('there is a stage');
  const stopped = { by: 'control-plane', at: 0, why: why.why };
  paused.rollout = { ...paused.rollout, state: 'paused', stopped, stages: [{ ...stage, state: 'failed' }] };
  const detail = () => {
    const decision = planNextStep(factsOf(paused));
    return decision.do === 'hold' ? decision.why.detail : decision.do;
  };
  expect(detail()).toContain('1 of 3 robots failed');
  second.place = 'failed';
  expect(detail()).toContain('2 of 3 robots failed');
  first.place = 'granted';
  second.place = 'granted';
  expect(detail()).toContain('1 of 3 robots failed, and none may; now 0 of 3 robots succeeded');
});

function working(paused: Model): Model {
  const [stage] = paused.rollout.stages;
  if (stage)
    paused.rollout = {
      ...paused.rollout,
      state: 'running',
      stage: 0,
      stages: [{ ...stage, state: 'running', size: 3 }],
    };
  return paused;
}

describe('the text of a stopped rollout counts the failures of now', () => {
  /** Two stages of two robots each: the first has passed, the second is at work. */
  function inSecondStage(first: readonly Place[], second: readonly Place[]): Model {
    const stages = [
      { name: 'canary', upTo: { count: 2 }, gate: { maxFailures: 1 } },
      { name: 'all', upTo: { percent: 100 }, gate: { maxFailures: 1 } },
    ];
    const world = model({ ...ROLLING, strategy: 'canary', stages }, 4);
    const places = [...first, ...second];
    world.robots.forEach((robot, at) => {
      Object.assign(robot, { stage: at < 2 ? 0 : 1, place: places[at] ?? 'outside', deadline: Infinity });
    });
    const [canary, all] = world.rollout.stages;
    if (!canary || !all) throw new Error('there are two stages');
    world.rollout = {
      ...world.rollout,
      state: 'running',
      stage: 1,
      stages: [
        { ...canary, state: 'passed', size: 2 },
        { ...all, state: 'running', size: 2 },
      ],
    };
    return world;
  }
  const place = (world: Model, at: number, is: Place): void => {
    const robot = world.robots[at];
    if (robot) robot.place = is;
  };
  const text = (world: Model, more: Partial<RolloutFacts> = {}): string => {
    const decision = planNextStep({ ...factsOf(world), ...more });
    return decision.do === 'hold' ? decision.why.detail : decision.do;
  };
  const stageOf = (world: Model): readonly number[] | undefined => {
    const decision = planNextStep(factsOf(world));
    return decision.do === 'hold' ? decision.failuresIn : undefined;
  };
  const stop = (world: Model, more: Partial<RolloutFacts> = {}): void => {
    const decision = planNextStep({ ...factsOf(world), ...more });
    if (decision.do !== 'stop') throw new Error(`the gate fails, but next is ${decision.do}`);
    const index = decision.index ?? world.rollout.stage;
    world.rollout = {
      ...world.rollout,
      state: 'paused',
      stopped: { by: 'control-plane', at: 0, why: decision.why },
      stages: world.rollout.stages.map((stage, at) => (at === index ? { ...stage, state: decision.stage } : stage)),
    };
  };

  test('when robots of a stage that had passed degraded', () => {
    const world = inSecondStage(['degraded', 'degraded'], ['granted', 'granted']);
    stop(world);
    expect(text(world)).toBe('2 of 2 robots failed, and 1 may; the stage had passed before.');
    expect(stageOf(world)).toEqual([0]);
    place(world, 0, 'succeeded');
    place(world, 2, 'failed');
    expect(text(world)).toBe(
      '2 of 2 robots failed, and 1 may; the stage had passed before; now 1 of 2 robots succeeded; 1 of 2 robots failed in stage canary; 1 of 2 robots failed in stage all.',
    );
    expect(stageOf(world)).toEqual([0, 1]);
  });

  test('when a metric failed and robots degrade afterwards, with or without new values of the metric', () => {
    const world = inSecondStage(['succeeded', 'succeeded'], ['succeeded', 'granted']);
    const conditions = { holds: 'no', says: 'battery is at least 10 on 0 of the 1 robots' } as const;
    stop(world, { conditions });
    expect(text(world, { conditions })).toBe('battery is at least 10 on 0 of the 1 robots.');
    place(world, 2, 'degraded');
    expect(text(world, { conditions })).toBe(
      'battery is at least 10 on 0 of the 1 robots; 1 of 2 robots failed in stage all.',
    );
    expect(text(world)).toBe(
      'battery is at least 10 on 0 of the 1 robots; now 0 of 2 robots succeeded; 1 of 2 robots failed in stage all.',
    );
    place(world, 3, 'failed');
    expect(text(world)).toBe('2 of 2 robots failed, and 1 may.');
  });

  test('when a person paused it', () => {
    const world = inSecondStage(['succeeded', 'succeeded'], ['granted', 'granted']);
    const [why] = [{ phase: 'assign', element: 'ro_1', category: 'paused', detail: 'ann paused the rollout.' }];
    const stopped = { by: 'ann', at: 0, why: { ...why, retryable: true, hint: 'Go on.' } as Refusal };
    world.rollout = { ...world.rollout, state: 'paused', stopped };
    expect(text(world)).toBe('ann paused the rollout.');
    place(world, 2, 'failed');
    place(world, 0, 'degraded');
    expect(text(world)).toBe(
      'ann paused the rollout; 1 of 2 robots failed in stage canary; 1 of 2 robots failed in stage all.',
    );
    const [failed] = world.robots;
    if (failed) failed.accepted = true;
    expect(text(world)).toBe('ann paused the rollout; 1 of 2 robots failed in stage all.');
  });
});
