/** A server that is gone for days, on a time line: the pauses are the agent's own, the time is not. Needs no root. */

import { pauseAfterFailure } from '@fairlead/agent/poll/pace';
import { Unreachable } from '@fairlead/shared/api/client';
import { HOUR, MINUTE, SECOND } from '@fairlead/shared/time';
import { MOST_ATTEMPTS, PATIENCE, planRetry } from '@fairlead/shared/update/retry';
import { expect, test } from 'vitest';

const gone = new Unreachable(new URL('http://fleet.example'), new Error('connect EHOSTUNREACH'));
/** A black hole takes its time to say no. */
const ATTEMPT_MS = 10 * SECOND;

/** xorshift: the same dice at every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** When one robot asks, milliseconds, for as long as nobody answers. */
function attempts(forMs: number, random: () => number): number[] {
  const at: number[] = [];
  for (let [now, failures] = [0, 0]; now < forMs; ) {
    at.push(now);
    failures += 1;
    now += ATTEMPT_MS + pauseAfterFailure(failures, gone, random);
  }
  return at;
}

test('three days without a server: a robot asks a few hundred times a day, and never stops', () => {
  const at = attempts(72 * HOUR, dice(20261121));
  const first = at.slice(0, 12).map((ms) => `${Math.round(ms / SECOND)}s`);
  const perDay = [0, 1, 2].map((day) => at.filter((ms) => Math.floor(ms / (24 * HOUR)) === day).length);
  process.stdout.write(`check-ins of one robot: ${first.join(' ')} …; per day ${perDay.join(', ')}\n`);
  for (const day of perDay) expect(day).toBeLessThan(700);
  expect(Math.max(...at.slice(1).map((ms, index) => ms - (at[index] ?? 0)))).toBeLessThan(5 * MINUTE + ATTEMPT_MS);
});

test('after the outage a thousand robots do not come back in one wave', () => {
  const perMinute = new Map<number, number>();
  for (let robot = 1; robot <= 1000; robot += 1) {
    const at = attempts(7 * HOUR, dice(robot * 7919)).find((ms) => ms >= 6 * HOUR) ?? 0;
    const minute = Math.floor((at - 6 * HOUR) / MINUTE);
    perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
  }
  const counts = [...perMinute].toSorted(([a], [b]) => a - b).map(([, count]) => count);
  process.stdout.write(`1000 robots, per minute after the server is back: ${counts.join(' ')}\n`);
  expect(Math.max(...counts)).toBeLessThan(450);
  expect(counts.length).toBeLessThanOrEqual(6);
});

test('a download that gets nothing for a day is given up with a reason, after fewer attempts than a hammer', () => {
  const random = dice(3);
  let [made, now] = [0, 0];
  for (;;) {
    made += 1;
    now += ATTEMPT_MS;
    const retry = planRetry({ made, fruitless: made, fruitlessMs: now }, random());
    if (!retry.again) {
      process.stdout.write(`download: ${made} attempts in ${(now / HOUR).toFixed(1)} h, then: ${retry.why}\n`);
      break;
    }
    now += retry.inMs;
  }
  expect(made).toBeLessThanOrEqual(MOST_ATTEMPTS);
  expect(now).toBeLessThan(PATIENCE + HOUR);
});
