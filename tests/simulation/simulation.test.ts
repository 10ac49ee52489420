/** Small fleets through rough weather, on several seeds; `npm run simulate` does the same with large ones. */
import { expect, test } from 'vitest';
import { simulate } from './simulation.ts';
import { directOrders } from './stories/direct-orders.ts';
import { rollouts } from './stories/rollouts.ts';
import { CALM } from './world/faults.ts';

const small = { robots: 10, hours: 2 };

test.each([1, 2])('a small fleet keeps every promise in rough weather, seed %i', async (seed) => {
  const outcome = await simulate({ ...small, seed, story: rollouts() });
  expect(outcome.failure).toBeUndefined();
  expect(outcome.switches).toBeGreaterThan(0);
});

test('robots that are ordered about directly keep every promise too', async () => {
  const outcome = await simulate({ ...small, seed: 4, story: directOrders });
  expect(outcome.failure).toBeUndefined();
  expect(outcome.switches).toBeGreaterThan(0);
});

test('the same seed is the same story, event for event', async () => {
  const hashOf = async (seed: number) => (await simulate({ ...small, hours: 1, seed, story: rollouts() })).hash;
  const first = await hashOf(5);
  expect(await hashOf(5)).toBe(first);
  expect(await hashOf(6)).not.toBe(first);
});

test('a run is set up over lines that lose every third request', async () => {
  const idle = { name: 'idle', begin: async () => {} };
  const faults = { ...CALM, lostQuestions: 0.3, lostAnswers: 0.3, serverErrors: 0.3 };
  for (const seed of [1, 2, 3]) {
    const { failure } = await simulate({ seed, robots: 2, hours: 0.1, story: idle, faults });
    expect(failure).toBeUndefined();
  }
});
