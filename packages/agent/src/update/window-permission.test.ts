import { ComponentName } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { Parse } from 'typebox/value';
import { expect, test } from 'vitest';
import { windowPermission } from './window-permission.ts';

const duck = Parse(ComponentName, 'duck');
const NIGHT = { from: '02:00', to: '04:00', zone: 'Europe/Berlin' };
const askAt = (time: string) => windowPermission(NIGHT, testClock(Date.parse(time))).ask(duck);

test('a robot without a window may always switch', async () => {
  expect(await windowPermission(undefined, testClock(0)).ask(duck)).toEqual({ granted: true });
});

test('a robot may switch inside its window', async () => {
  expect(await askAt('2026-11-21T02:00:00Z')).toEqual({ granted: true });
});

test('outside its window a robot says until when it waits', async () => {
  expect(await askAt('2026-11-21T00:00:00Z')).toMatchObject({
    granted: false,
    askAgainInMs: 3_600_000,
    reason: { category: 'outside_window', detail: expect.stringContaining('next at 2026-11-21T01:00:00.000Z') },
  });
});

test('a window wholly in the hour that the clocks skip opens at the jump for its own length', async () => {
  const window = { from: '02:15', to: '02:45', zone: 'Europe/Berlin' };
  const grantedAt = async (time: string) =>
    (await windowPermission(window, testClock(Date.parse(time))).ask(duck)).granted;
  expect(await grantedAt('2026-03-29T00:59:59Z')).toBe(false);
  expect(await grantedAt('2026-03-29T01:00:00Z')).toBe(true);
  expect(await grantedAt('2026-03-29T01:29:59Z')).toBe(true);
  expect(await grantedAt('2026-03-29T01:30:00Z')).toBe(false);
});
