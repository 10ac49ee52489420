import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBell, pauseUnless, ringAfter } from './bell.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('facts that come close together ring once, and the next ones ring again', () => {
  let rings = 0;
  const ring = ringAfter({ ring: () => void (rings += 1) }, 600);
  for (let fact = 0; fact < 5; fact += 1) ring();
  expect(rings).toBe(0);
  vi.advanceTimersByTime(600);
  expect(rings).toBe(1);
  ring();
  vi.advanceTimersByTime(599);
  expect(rings).toBe(1);
  vi.advanceTimersByTime(1);
  expect(rings).toBe(2);
});

test('attack 135: a pause of years lasts until somebody rings, and does not end at once', async () => {
  vi.useRealTimers();
  const bell = createBell();
  let isOver = false;
  const paused = pauseUnless(1e12, bell.listen()).then(() => {
    isOver = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isOver).toBe(false);
  bell.ring();
  await paused;
});
