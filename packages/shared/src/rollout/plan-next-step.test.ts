import { expect, test } from 'vitest';
import type { ComponentName, Version } from '../ids.ts';
import { planNextStep } from './plan-next-step.ts';
import type { RolloutSpec } from './rollout-spec.ts';
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
