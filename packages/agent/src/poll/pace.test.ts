import { ProblemError } from '@fairlead/shared/api/client';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { believablePace, pauseAfterAnswer, pauseAfterFailure } from './pace.ts';

const agreed = { intervalSec: 30, jitterSec: 10, waitSec: 25 };
const busy = (retryAfterSec: number) =>
  new ProblemError({ type: 'about:blank', title: '', status: 503, code: 'unavailable', detail: '' }, retryAfterSec);

test('with long-poll a robot asks again within half a second', () => {
  expect(pauseAfterAnswer(agreed, 0, () => 0.999)).toBeLessThan(500);
});

test('without long-poll a robot pauses as the server asked, plus its share of the jitter', () => {
  expect(pauseAfterAnswer({ ...agreed, waitSec: 0 }, 0, () => 0.5)).toBe(35_000);
});

test('a server that never lets a robot wait is soon asked at the agreed interval only', () => {
  const pauses = [1, 2, 3, 8, 1000].map((answers) => pauseAfterAnswer(agreed, answers, () => 0));
  expect(pauses).toEqual([1000, 2000, 4000, 30_000, 30_000]);
});

test('a busy server is left alone for as long as it asked, and all robots do not return together', () => {
  expect(pauseAfterFailure(1, busy(20), () => 0)).toBe(20_000);
  expect(pauseAfterFailure(1, busy(20), () => 0.9)).toBeGreaterThan(20_000);
});

test('without a word of the server a robot asks again within five minutes', () => {
  expect(pauseAfterFailure(1000, new Error('cable out'), () => 0.999)).toBeLessThan(300_000);
});

test('a robot never gives up and never stays away for much longer than an hour, whatever it was told', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.nat(),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, asked, luck) => {
        const pause = pauseAfterFailure(failures, busy(asked), () => luck);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(3_900_000);
      },
    ),
  );
});

test('a robot whose own disk fails looks again soon, however often that was', () => {
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  expect(pauseAfterFailure(1000, full, () => 0.5)).toBe(7_500);
});

test('attack 108: no answer silences a robot for good, or makes its timer end at once', () => {
  const asked = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const luck = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(asked, asked, fc.constantFrom(0, 25, 1e9), luck, (intervalSec, jitterSec, waitSec, random) => {
      const pace = believablePace({ intervalSec, jitterSec, waitSec });
      expect(pace.waitSec).toBeLessThanOrEqual(120);
      for (const early of [0, 1, 50]) {
        const pause = pauseAfterAnswer(pace, early, () => random);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(3_600_000);
      }
    }),
  );
});

test('robots that are told the longest pause do not all come back at the same moment', () => {
  const pace = { ...believablePace({ intervalSec: 86_400, jitterSec: 600, waitSec: 0 }) };
  expect(pauseAfterAnswer(pace, 0, () => 0)).toBe(3_000_000);
  expect(pauseAfterAnswer(pace, 0, () => 0.5)).toBe(3_300_000);
});
