/** Small fleets with faults, on several seeds; `npm run simulate` does the same with large ones. */
import { expect, test } from 'vitest';
import { simulate } from './simulation.ts';
import { operators } from './stories/operators.ts';
import { CALM } from './world/faults.ts';
import { describeSwarm, swarmOf } from './world/swarm.ts';

const small = { robots: 10, hours: 2 };

test.each([1, 6])('a small fleet keeps every promise through faults and commands, seed %i', async (seed) => {
  const outcome = await simulate({ ...small, seed, story: operators() });
  expect(outcome.failure).toBeUndefined();
  expect(outcome.switches).toBeGreaterThan(0);
});

test('the same seed is the same run, event for event', async () => {
  const hashOf = async (seed: number) => (await simulate({ ...small, hours: 1, seed, story: operators() })).hash;
  const first = await hashOf(5);
  expect(await hashOf(5)).toBe(first);
  expect(await hashOf(6)).not.toBe(first);
});

test('each seed enables another set of features, and prints which', () => {
  const [on, off] = describeSwarm(swarmOf(5));
  expect(describeSwarm(swarmOf(5))).toEqual([on, off]);
  expect(describeSwarm(swarmOf(6))).not.toEqual([on, off]);
  expect(`${on}, ${off}`).toContain('switch-back');
  expect(swarmOf(5, ['schedule']).has('schedule')).toBe(true);
});

test('a run is set up over lines that lose every third request', async () => {
  const idle = { name: 'idle', begin: async () => {} };
  const faults = { ...CALM, lostQuestions: 0.3, lostAnswers: 0.3, serverErrors: 0.3 };
  for (const seed of [1, 2, 3]) {
    const { failure } = await simulate({ seed, robots: 2, hours: 0.1, story: idle, faults });
    expect(failure).toBeUndefined();
  }
});
