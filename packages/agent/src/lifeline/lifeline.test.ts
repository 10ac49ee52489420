import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPulse, type Loop } from './pulse.ts';
import type { ServiceNotifier } from './service-notifier.ts';
import { stayWatched } from './stay-watched.ts';

function watched(watchdogMs: number | undefined = 30) {
  const time = { now: 0 };
  const pulse = createPulse(() => time.now);
  const said: string[] = [];
  const overdue: Loop[] = [];
  const notifier: ServiceNotifier = { watchdogMs, tell: (...lines) => void said.push(...lines) };
  const stop = new AbortController();
  const ended = stayWatched(
    {
      pulse,
      notifier,
      loops: ['check-in', 'deliver'],
      onProven: async () => {},
      onOverdue: (loops) => void overdue.push(...loops),
    },
    stop.signal,
  );
  return { time, pulse, said, overdue, stop: () => (stop.abort(), ended) };
}

test('an agent is ready when every loop turns, and not before', async () => {
  const robot = watched();
  robot.pulse.promise('check-in', 1000);
  await pause(300);
  expect(robot.said).toEqual([]);
  robot.pulse.promise('deliver', 1000);
  await pause(600);
  await robot.stop();
  expect(robot.said[0]).toBe('READY=1');
  expect(robot.said).toContain('WATCHDOG=1');
  expect(robot.said.at(-1)).toBe('STOPPING=1');
});

test('a loop that broke its promise stops the feeding, also while the process and its timers live', async () => {
  const robot = watched();
  robot.pulse.promise('check-in', 1000);
  robot.pulse.promise('deliver', 5000);
  await pause(400);
  robot.time.now = 1001;
  await pause(50);
  const fed = robot.said.length;
  await pause(200);
  expect(robot.said).toHaveLength(fed);
  expect(robot.overdue).toEqual(['check-in']);
  // It got on after all: a slow line is no death.
  robot.pulse.promise('check-in', 1000);
  await pause(100);
  expect(robot.said.length).toBeGreaterThan(fed);
  await robot.stop();
});

test('an update that ended promises nothing any more', () => {
  const time = { now: 0 };
  const pulse = createPulse(() => time.now);
  pulse.promise('update', 10);
  time.now = 11;
  expect(pulse.overdue()).toEqual(['update']);
  pulse.rest('update');
  expect(pulse.overdue()).toEqual([]);
});

test('attack 135: a watchdog of months is fed now and then, and not a thousand times a second', async () => {
  const robot = watched(90 * 86_400_000);
  robot.pulse.promise('check-in', 1000);
  robot.pulse.promise('deliver', 1000);
  await pause(600);
  expect(robot.said.filter((line) => line === 'WATCHDOG=1')).toHaveLength(1);
  await robot.stop();
});
