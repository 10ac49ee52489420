import fc from 'fast-check';
import { expect, test } from 'vitest';
import { halfToNumber, numberToHalf } from './half.ts';

test('every one of the 65 536 halves survives the way there and back', () => {
  for (let bits = 0; bits < 0x10000; bits += 1) {
    const number = halfToNumber(bits);
    if (!Number.isNaN(number)) expect(numberToHalf(number)).toBe(bits);
  }
});

test('a number becomes the nearest half', () => {
  fc.assert(
    fc.property(fc.double({ min: -65504, max: 65504, noNaN: true }), (number) => {
      const bits = numberToHalf(number);
      const error = Math.abs(halfToNumber(bits) - number);
      // Neighbours of the same sign; one below zero wraps to the other sign and is skipped.
      for (const neighbour of [bits - 1, bits + 1]) {
        const other = halfToNumber(neighbour & 0xffff);
        if (Number.isFinite(other)) expect(error).toBeLessThanOrEqual(Math.abs(other - number));
      }
    }),
  );
});

test('what is not finite stays not finite', () => {
  expect(halfToNumber(numberToHalf(Number.NaN))).toBeNaN();
  expect([1e9, -1e9, 65520].map((number) => halfToNumber(numberToHalf(number)))).toEqual([
    Infinity,
    -Infinity,
    Infinity,
  ]);
});
