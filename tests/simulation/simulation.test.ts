/** Small fleets through rough weather, on several seeds; `npm run simulate` does the same with large ones. */
import { expect, test } from 'vitest';
import { simulate } from './simulation.ts';
import { directOrders } from './stories/direct-orders.ts';

const small = { robots: 8, hours: 1.5, story: directOrders };

test.each([1, 2])('a small fleet keeps every promise in rough weather, seed %i', async (seed) => {
  const outcome = await simulate({ ...small, seed });
  expect(outcome.failure).toBeUndefined();
  expect(outcome.switches).toBeGreaterThan(0);
});

test('the same seed is the same story, event for event', async () => {
  const hashes = [await simulate({ ...small, seed: 5 }), await simulate({ ...small, seed: 5 })].map(({ hash }) => hash);
  expect(hashes[0]).toBe(hashes[1]);
  expect((await simulate({ ...small, seed: 6 })).hash).not.toBe(hashes[0]);
});
