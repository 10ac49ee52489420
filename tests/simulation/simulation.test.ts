/** Small fleets through rough weather, on several seeds; `npm run simulate` does the same with large ones. */
import { expect, test } from 'vitest';
import { simulate } from './simulation.ts';
import { directOrders } from './stories/direct-orders.ts';
import { rollouts } from './stories/rollouts.ts';

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
