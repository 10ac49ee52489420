import { ProblemError } from '@fairlead/shared/api/client';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pauseAfterFailure, regularPause } from './pace.ts';

const busy = (retryAfterSec: number) =>
  new ProblemError({ type: 'about:blank', title: '', status: 503, code: 'unavailable', detail: '' }, retryAfterSec);

test('a robot pauses as the server asked, plus its share of the jitter', () => {
  expect(regularPause({ intervalSec: 30, jitterSec: 10 }, () => 0.5)).toBe(35_000);
});

test('a busy server is left alone for as long as it asked, and all robots do not return together', () => {
  expect(pauseAfterFailure(1, busy(20), () => 0)).toBe(20_000);
  expect(pauseAfterFailure(1, busy(20), () => 0.9)).toBeGreaterThan(20_000);
});

test('a robot never gives up and never pauses longer than ten minutes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.nat(),
      fc.double({ min: 0, max: 0.999 }),
      (failures, asked, luck) => {
        const pause = pauseAfterFailure(failures, busy(asked), () => luck);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(600_000);
      },
    ),
  );
});
