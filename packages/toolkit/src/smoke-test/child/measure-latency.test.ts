import { expect, test } from 'vitest';
import { percentile } from './measure-latency.ts';

test('a percentile is the smallest time that this share of the runs kept to', () => {
  const times = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect([0.5, 0.95, 0.99, 1].map((share) => percentile(times, share))).toEqual([50, 95, 99, 100]);
  expect(percentile([7], 0.95)).toBe(7);
  expect(percentile([], 0.95)).toBe(0);
});
