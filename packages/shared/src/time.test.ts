import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Clock, fromTimestamp, instant, LAST_INSTANT, timerMs, toTimestamp } from './time.ts';

const anyMs = fc.oneof(
  fc.double({ min: 0, max: LAST_INSTANT, noNaN: true }),
  fc.integer({ min: 0, max: LAST_INSTANT }),
  fc.constantFrom(1795831338425.685, 0.999, LAST_INSTANT),
);

test('an Instant is a whole number of milliseconds, never later than its source', () => {
  fc.assert(
    fc.property(anyMs, (ms) => {
      const made = instant(ms);
      expect(Number.isSafeInteger(made)).toBe(true);
      expect(ms - made).toBeGreaterThanOrEqual(0);
      expect(ms - made).toBeLessThan(1);
    }),
  );
});

test.each([Number.NaN, Infinity, -Infinity, LAST_INSTANT + 1, -1e15])('%s is no Instant', (ms) => {
  expect(() => instant(ms)).toThrow(RangeError);
});

test('every clock hands out whole milliseconds, whatever its source reads', () => {
  fc.assert(fc.property(anyMs, (ms) => Number.isInteger(new Clock(() => ms).now())));
});

test('an Instant that is written as a timestamp and read again is the same Instant', () => {
  fc.assert(fc.property(anyMs, (ms) => fromTimestamp(toTimestamp(ms)) === instant(ms)));
});

test.each(['2026-13-01T00:00:00Z', '2026-11-21T25:00:00Z', 'yesterday'])('%s is no time', (text) => {
  expect(() => fromTimestamp(text)).toThrow(RangeError);
});

test('attack 135: no number makes a timer that fires at once because it is too long', () => {
  fc.assert(
    fc.property(fc.double(), (ms) => {
      expect(timerMs(ms)).toBeGreaterThanOrEqual(0);
      expect(timerMs(ms)).toBeLessThanOrEqual(2 ** 31 - 1);
    }),
  );
  expect([timerMs(2 ** 31), timerMs(Number.POSITIVE_INFINITY), timerMs(250)]).toEqual([2 ** 31 - 1, 2 ** 31 - 1, 250]);
});
