import { expect, test } from 'vitest';
import type { RolloutId } from '../ids.ts';
import { reachedNoRobot } from './hold-reasons.ts';
import type { Rollout } from './rollout.ts';
import type { RolloutSpec } from './rollout-spec.ts';
import { model } from './testing/model-rollout.ts';

const ended = (target: RolloutSpec['target'], more: Partial<Rollout> = {}): Rollout => {
  const spec = { component: 'walking', strategy: 'canary', stages: [], target } as unknown as RolloutSpec;
  return { ...model(spec, 0).rollout, members: 0, excluded: 0, ...more };
};

test('an undoing that finds nobody with the release is no mistake of a target', () => {
  const undoing = ended({ updatedBy: 'ro_0123456789' as RolloutId });
  expect(reachedNoRobot(undoing)).toMatchObject({
    detail: 'It reached no robot: none had the release that is undone.',
    hint: 'Nothing to do.',
  });
});

test('a target without robots, and robots that were left out, are for a person to look at', () => {
  expect(reachedNoRobot(ended({ all: true })).hint).toContain('Check its target');
  const left = ended({ updatedBy: 'ro_0123456789' as RolloutId }, { excluded: 2 });
  expect(reachedNoRobot(left).hint).toContain('--excluded');
});
