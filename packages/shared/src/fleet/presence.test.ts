import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyPresence } from './presence.ts';

const thresholds = { lateAfterSec: 90, offlineAfterSec: 300 };
const noon = Date.parse('2026-11-21T12:00:00Z');
const silentFor = (seconds: number) => classifyPresence(noon - seconds * 1000, noon, thresholds);

test('a robot is online, then late, then offline as its silence grows', () => {
  expect([0, 89, 90, 299, 300, 1e6].map(silentFor)).toEqual(['online', 'online', 'late', 'late', 'offline', 'offline']);
});

test('a robot that never checked in is never-seen, not offline', () => {
  expect(classifyPresence(undefined, noon, thresholds)).toBe('never-seen');
});

test('a robot whose last check-in lies in the future is online', () => {
  expect(silentFor(-3600)).toBe('online');
});

test('silence never makes presence better', () => {
  const order = ['online', 'late', 'offline'];
  const seconds = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(seconds, seconds, seconds, seconds, (a, b, lateAfterSec, offlineAfterSec) => {
      const rank = (silence: number) =>
        order.indexOf(classifyPresence(noon - silence * 1000, noon, { lateAfterSec, offlineAfterSec }));
      expect(rank(Math.min(a, b))).toBeLessThanOrEqual(rank(Math.max(a, b)));
    }),
  );
});
