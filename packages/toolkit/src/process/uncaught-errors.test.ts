import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { MINUTE } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { handleUncaughtErrors, MOST_UNCAUGHT_PER_MINUTE, type UncaughtOptions } from './uncaught-errors.ts';

function running(more: Partial<UncaughtOptions> = {}) {
  const emitter = new EventEmitter();
  const exits: number[] = [];
  const logged: boolean[] = [];
  let now = 0;
  handleUncaughtErrors({
    source: { on: (event, listener) => emitter.on(event, listener), exit: (code) => exits.push(code) },
    elapsed: () => now,
    onError: (_error, isLast) => logged.push(isLast),
    ...more,
  });
  const fail = (event = 'uncaughtException') => emitter.emit(event, new Error('a defect'));
  return { fail, exits, logged, pass: (ms: number) => (now += ms) };
}

test('an uncaught error is logged, and the process continues', () => {
  const { fail, exits, logged } = running();
  fail();
  fail('unhandledRejection');
  expect([exits, logged]).toEqual([[], [false, false]]);
});

test('a burst of uncaught errors ends the process, so that its supervisor restarts it', () => {
  const { fail, exits, logged, pass } = running();
  for (let count = 0; count < MOST_UNCAUGHT_PER_MINUTE; count += 1) fail();
  pass(MINUTE);
  for (let count = 0; count < MOST_UNCAUGHT_PER_MINUTE; count += 1) fail();
  expect(exits).toEqual([]);
  fail();
  expect([exits, logged.at(-1)]).toEqual([[1], true]);
});

test('a process on trial ends at the first uncaught error, also where it is unknown whether it is on trial', async () => {
  const calm = running({ isOnTrial: async () => false });
  const onTrial = running({ isOnTrial: async () => true });
  const unknown = running({ isOnTrial: () => Promise.reject(new Error('EIO')) });
  for (const { fail } of [calm, onTrial, unknown]) fail();
  await turn();
  expect([calm.exits, onTrial.exits, unknown.exits]).toEqual([[], [1], [1]]);
});

test('a logger that throws ends nothing', () => {
  const { fail, exits } = running({
    onError: () => {
      throw new Error('ENOSPC');
    },
  });
  fail();
  expect(exits).toEqual([]);
});
