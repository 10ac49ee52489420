import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backOff, isTerminalStatus, MOST_ATTEMPTS, PATIENCE, parseRetryAfter, planRetry } from './retry.ts';

test('the pause doubles up to a minute, and a random part of it is waited', () => {
  expect([1, 2, 3, 7, 100].map((attempt) => backOff(attempt, 1))).toEqual([1000, 2000, 4000, 60_000, 60_000]);
  expect(backOff(3, 0.25)).toBe(1000);
});

test('a robot asks at most so often and so long, whatever the server answers', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.nat(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (made, fruitless, fruitlessMs, random) => {
        const retry = planRetry({ made: made + 1, fruitless: fruitless + 1, fruitlessMs }, random, 10 ** 12);
        expect(retry.again).toBe(made + 1 < MOST_ATTEMPTS && fruitlessMs < PATIENCE);
        if (retry.again) expect(retry.inMs).toBeLessThanOrEqual(3_660_000);
      },
    ),
  );
});

test('Retry-After is waited in full, with jitter on top', () => {
  expect(planRetry({ made: 1, fruitless: 1, fruitlessMs: 0 }, 0.5, 7000)).toEqual({ again: true, inMs: 7500 });
});

test('Retry-After is understood as seconds and as a date', () => {
  const now = Date.UTC(2026, 10, 21, 9, 0, 0);
  expect(parseRetryAfter('120', now)).toBe(120_000);
  expect(parseRetryAfter('Sat, 21 Nov 2026 09:00:30 GMT', now)).toBe(30_000);
  expect(parseRetryAfter('Sat, 21 Nov 2026 08:00:00 GMT', now)).toBe(0);
  for (const nonsense of ['soon', '-3', '', '1e9', undefined]) expect(parseRetryAfter(nonsense, now)).toBeUndefined();
});

test('an answer that means never is not asked for again', () => {
  expect([403, 404, 410, 413].every(isTerminalStatus)).toBe(true);
  expect([401, 408, 429, 500, 502, 503, 504].some(isTerminalStatus)).toBe(false);
});
