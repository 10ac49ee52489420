import { expect, test } from 'vitest';
import { progressDeadline } from './progress-deadline.ts';

function robotWatchedFor(timeoutMs: number) {
  let now = 1000.5;
  const deadline = progressDeadline(timeoutMs, () => now);
  return (afterMs: number, progress: string) => {
    now += afterMs;
    return deadline.isOver(progress);
  };
}

test('a robot that makes progress is waited for, however slow its machine is', () => {
  const isOver = robotWatchedFor(100);
  const steps = ['downloading', 'verifying', 'staging', 'testing', 'switching'];
  expect(steps.map((step) => isOver(99, step))).toEqual(steps.map(() => false));
});

test('a robot that makes no progress is given up after its timeout', () => {
  const isOver = robotWatchedFor(100);
  expect([isOver(0, 'waiting'), isOver(100, 'waiting'), isOver(1, 'waiting')]).toEqual([false, false, true]);
});

test('a robot that repeats the same two steps for ever is given up after ten patiences', () => {
  const isOver = robotWatchedFor(100);
  const looks = Array.from({ length: 11 }, (_, round) => isOver(95, round % 2 === 0 ? 'downloading' : 'verifying'));
  expect(looks.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => false));
  expect(looks.at(-1)).toBe(true);
});
