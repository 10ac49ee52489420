import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { path } from '../testing/order-for.ts';
import { compare, toleranceOf } from './compare.ts';

const TIGHT = { rtol: 1e-3, atol: 1e-5 };
const policy = { model: path('policy.onnx') };

describe('an answer agrees with its golden', () => {
  test('within the tolerance, and not beyond it', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (want) => {
        const allowed = TIGHT.atol + TIGHT.rtol * Math.abs(want);
        expect(compare([want + 0.9 * allowed], [want], TIGHT)).toBeUndefined();
        expect(compare([want - 1.1 * allowed], [want], TIGHT)).toEqual({ wrong: 1, of: 1, first: 0 });
      }),
    );
  });
  test('never when it is NaN', () => {
    expect(compare([Number.NaN], [Number.NaN], { rtol: 1, atol: 1e9 })).toMatchObject({ wrong: 1 });
  });
  test('exactly when it is a whole number, a truth or a text', () => {
    const exact = toleranceOf(policy, 'label', 'int64', 9);
    expect(compare([2n ** 53n + 1n], [2n ** 53n + 1n], exact)).toBeUndefined();
    expect(compare([2n ** 53n + 1n], [2n ** 53n], exact)).toMatchObject({ wrong: 1 });
    expect(compare([true, 'left'], [true, 'right'], exact)).toEqual({ wrong: 1, of: 2, first: 1 });
  });
});

test("an output's own tolerance wins over the test's, and that over the default of its type", () => {
  const own = { ...policy, rtol: 0.5, outputs: { actions: { atol: 3 } } };
  expect(toleranceOf(own, 'actions', 'float32', 1)).toEqual({ rtol: 0.5, atol: 3 });
  expect(toleranceOf(own, 'other', 'float32', 1)).toEqual({ rtol: 0.5, atol: 1e-4 });
  expect(toleranceOf(policy, 'actions', 'float16', 3)).toEqual({ rtol: 1e-2, atol: 1e-2 });
  expect(toleranceOf({ ...policy, rtol: 1 }, 'label', 'int32', 9)).toEqual({ rtol: 0, atol: 0 });
});

test('the default tolerance of float16 is not larger than the numbers it judges', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 65504, noNaN: true }), (largest) => {
      const tolerance = toleranceOf(policy, 'actions', 'float16', largest);
      expect(compare([0], [largest], tolerance)).toMatchObject({ wrong: 1 });
      expect(compare([-largest], [largest], tolerance)).toMatchObject({ wrong: 1 });
      expect(compare([largest * 1.009], [largest], tolerance)).toBeUndefined();
    }),
  );
});
