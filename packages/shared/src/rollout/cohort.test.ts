import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ComponentName, RobotId, Version } from '../ids.ts';
import { rankOf, seedOf, sizeOfStage } from './cohort.ts';

const fleet = Array.from({ length: 2000 }, (_, n) => `duck-${n}` as RobotId);
const firstTenth = (seed: string) =>
  new Set([...fleet].sort((a, b) => rankOf(seed, a) - rankOf(seed, b)).slice(0, 200));
const release = (version: string) => seedOf({ component: 'duck-policy' as ComponentName, version: version as Version });

test('the same release tries the same robots first, another one others', () => {
  const first = firstTenth(release('2.0.0'));
  expect(firstTenth(release('2.0.0'))).toEqual(first);
  const again = [...firstTenth(release('2.0.1'))].filter((robot) => first.has(robot)).length;
  // Independent choices of a tenth share a hundredth: about 20 of 2000.
  expect(again).toBeGreaterThan(5);
  expect(again).toBeLessThan(45);
});

test('a robot that joins moves nobody else out of the order', () => {
  const order = (robots: readonly RobotId[]) => [...robots].sort((a, b) => rankOf('x', a) - rankOf('x', b));
  const before = order(fleet);
  const after = order([...fleet, 'newcomer' as RobotId]).filter((robot) => robot !== 'newcomer');
  expect(after).toEqual(before);
});

test('x percent reaches x percent, rounded up, and never more than there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(5000), fc.nat(5000), (percent, members, placed) => {
      const size = sizeOfStage({ percent }, members, Math.min(placed, members));
      expect(size).toBeGreaterThanOrEqual(0);
      expect(Math.min(placed, members) + size).toBeLessThanOrEqual(members);
      if (placed === 0) expect(size).toBe(Math.ceil((members * percent) / 100));
    }),
  );
  expect(sizeOfStage({ percent: 1 }, 20, 0)).toBe(1);
  expect(sizeOfStage({ count: 5 }, 3, 0)).toBe(3);
});
