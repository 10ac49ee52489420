import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowanceOf, limitOf, requirementOf } from './rollout-spec.ts';

/** Of every share in percent and every size of a cohort. */
const everywhere = (holds: (percent: number, of: number) => void): void =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), fc.nat(100_000), (percent, of) => {
      holds(percent, of);
    }),
  );

describe('a share of a cohort', () => {
  test('that allows failures never allows more than was written', () => {
    expect([allowanceOf('2%', 20), allowanceOf('2%', 50), allowanceOf('2%', 99)]).toEqual([0, 1, 1]);
    expect(allowanceOf(3, 1)).toBe(3);
    everywhere((percent, of) => expect(allowanceOf(`${percent}%`, of) * 100).toBeLessThanOrEqual(percent * of));
  });

  test('that requires successes never requires fewer than was written', () => {
    expect([requirementOf('90%', 1), requirementOf('90%', 11), requirementOf(3, 1)]).toEqual([1, 10, 3]);
    everywhere((percent, of) => expect(requirementOf(`${percent}%`, of) * 100).toBeGreaterThanOrEqual(percent * of));
  });

  test('that limits how many robots switch at once rounds down, but lets at least one robot switch', () => {
    expect([limitOf('25%', 10), limitOf('10%', 3), limitOf('0%', 1000), limitOf(0, 5)]).toEqual([2, 1, 0, 0]);
    everywhere((percent, of) => {
      const most = percent === 0 ? 0 : Math.max(1, allowanceOf(`${percent}%`, of));
      expect(limitOf(`${percent}%`, of)).toBe(most);
    });
  });
});
