import { expect, test } from 'vitest';
import { metricBoard } from './metric-board.ts';

test('a robot tells the newest value of each metric, and none that is ten minutes old', () => {
  let now = 0;
  const board = metricBoard(() => now);
  board.post({ latency_ms: 12, falls: 0 });
  now = 9 * 60_000;
  board.post({ latency_ms: 15 });
  expect(board.fresh()).toEqual({ latency_ms: 15, falls: 0 });
  now = 11 * 60_000;
  expect(board.fresh()).toEqual({ latency_ms: 15 });
});

test('an application that invents names without end keeps the newest fifty', () => {
  const board = metricBoard(() => 0);
  for (let n = 0; n < 80; n += 1) board.post({ [`metric_${n}`]: n });
  expect(Object.keys(board.fresh())).toHaveLength(50);
  expect(board.fresh()['metric_79']).toBe(79);
});
