import { expect, test } from 'vitest';
import type { ComponentName, Version } from '../ids.ts';
import { planNextStep } from './plan-next-step.ts';
import type { Reach, RolloutSpec } from './rollout-spec.ts';
import { factsOf, type Model, model, type Place } from './testing/model-rollout.ts';

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
