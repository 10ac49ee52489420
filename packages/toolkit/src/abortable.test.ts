import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { abortable } from './abortable.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How many of 100 values, each awaited against the same end, are still in memory when all waits are over. */
async function retained(waitFor: (value: Promise<object>) => Promise<object>): Promise<number> {
  const values: WeakRef<object>[] = [];
  for (let turn = 0; turn < 100; turn += 1) {
    values.push(new WeakRef(await waitFor(Promise.resolve({ turn }))));
    await setImmediate();
  }
  collectGarbage();
  return values.filter((value) => value.deref() !== undefined).length;
}

test('a loop that waits against one long-lived signal retains none of the values', async () => {
  const { signal } = new AbortController();
  expect(await retained((value) => abortable(value, signal))).toBeLessThan(5);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('Promise.race against one long-lived promise retains all of them, which this test would notice', async () => {
  const never = new Promise<never>(() => {});
  expect(await retained((value) => Promise.race([value, never]))).toBeGreaterThan(95);
  // Not collected before this line, and with it its reactions.
  expect(never).toBeInstanceOf(Promise);
});

test('the wait ends as the promise does', async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve(1), signal)).toBe(1);
  await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
});

test('the wait ends with the reason of the signal, however long the promise takes', async () => {
  const over = new AbortController();
  const waiting = abortable(new Promise(() => {}), over.signal);
  over.abort(new Error('called off'));
  await expect(waiting).rejects.toThrow('called off');
  await expect(abortable(new Promise(() => {}), over.signal)).rejects.toThrow('called off');
});
