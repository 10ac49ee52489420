import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR } from '../time.ts';
import type { UpdateWindow } from './update-window.ts';
import { askWindow } from './window.ts';

const at = (text: string) => Date.parse(text);
const say = (window: UpdateWindow, time: string) => {
  const answer = askWindow(window, at(time));
  return answer.open
    ? `open until ${new Date(answer.closesAt).toISOString()}`
    : `opens ${new Date(answer.opensAt).toISOString()}`;
};
const berlin = (from: string, to: string, days?: UpdateWindow['days']): UpdateWindow => ({
  from,
  to,
  zone: 'Europe/Berlin',
  ...(days && { days }),
});

test('a robot in Berlin switches between two and four in the morning of Berlin', () => {
  expect(say(berlin('02:00', '04:00'), '2026-11-21T00:59:59Z')).toBe('opens 2026-11-21T01:00:00.000Z');
  expect(say(berlin('02:00', '04:00'), '2026-11-21T01:00:00Z')).toBe('open until 2026-11-21T03:00:00.000Z');
  expect(say(berlin('02:00', '04:00'), '2026-11-21T03:00:00Z')).toBe('opens 2026-11-22T01:00:00.000Z');
});

test('in summer the same window is an hour earlier in UTC', () => {
  expect(say(berlin('02:00', '04:00'), '2026-07-01T00:30:00Z')).toBe('open until 2026-07-01T02:00:00.000Z');
});

test('a window past midnight belongs to the day on which it opens', () => {
  const friday = berlin('22:00', '04:00', ['fri']);
  expect(say(friday, '2026-11-20T21:30:00Z')).toBe('open until 2026-11-21T03:00:00.000Z');
  expect(say(friday, '2026-11-21T02:30:00Z')).toBe('open until 2026-11-21T03:00:00.000Z');
  expect(say(friday, '2026-11-21T21:30:00Z')).toBe('opens 2026-11-27T21:00:00.000Z');
});

test('a window from a time to the same time lasts a whole day', () => {
  expect(say(berlin('00:00', '00:00', ['sun']), '2026-11-22T12:00:00Z')).toBe('open until 2026-11-22T23:00:00.000Z');
});

test('a window that opens in the hour that spring swallows opens where the clock jumps', () => {
  // 29 March 2026: 02:00 becomes 03:00 (01:00 UTC).
  expect(say(berlin('02:30', '03:15'), '2026-03-29T00:00:00Z')).toBe('opens 2026-03-29T01:00:00.000Z');
  expect(say(berlin('02:30', '03:15'), '2026-03-29T01:10:00Z')).toBe('open until 2026-03-29T01:15:00.000Z');
});

test.each([
  ['02:15', '02:45', '2026-03-29T01:30:00.000Z'],
  ['02:00', '02:30', '2026-03-29T01:30:00.000Z'],
  ['02:50', '02:55', '2026-03-29T01:05:00.000Z'],
  ['02:59', '03:00', '2026-03-29T01:01:00.000Z'],
])('a window from %s to %s, wholly in the skipped hour, opens at the jump for its own length', (from, to, closes) => {
  expect(say(berlin(from, to, ['sun']), '2026-03-28T12:00:00Z')).toBe('opens 2026-03-29T01:00:00.000Z');
  expect(say(berlin(from, to, ['sun']), '2026-03-29T01:00:00Z')).toBe(`open until ${closes}`);
  expect(say(berlin(from, to, ['sun']), closes)).toMatch(/^opens 2026-04-05/);
});

test('a window that opens in the very minute that spring swallows opens at the jump, not half a year early', () => {
  expect(say(berlin('02:00', '04:00'), '2026-03-28T12:00:00Z')).toBe('opens 2026-03-29T01:00:00.000Z');
  expect(say(berlin('02:00', '04:00'), '2026-03-29T01:00:00Z')).toBe('open until 2026-03-29T02:00:00.000Z');
});

test('a window that is exactly the swallowed hour opens for an hour all the same', () => {
  expect(say(berlin('02:00', '03:00', ['sun']), '2026-03-28T12:00:00Z')).toBe('opens 2026-03-29T01:00:00.000Z');
  expect(say(berlin('02:00', '03:00', ['sun']), '2026-03-29T01:00:00Z')).toBe('open until 2026-03-29T02:00:00.000Z');
});

test('in the hour that autumn repeats, the window opens at the first and closes at the first', () => {
  // 25 October 2026: 03:00 becomes 02:00 (01:00 UTC).
  expect(say(berlin('02:30', '04:00'), '2026-10-25T00:29:00Z')).toBe('opens 2026-10-25T00:30:00.000Z');
  expect(say(berlin('01:00', '02:30'), '2026-10-25T00:31:00Z')).toBe('opens 2026-10-26T00:00:00.000Z');
});

test('a zone that does not exist is an error, not a window that is always open', () => {
  expect(() => askWindow({ from: '01:00', to: '02:00', zone: 'Mars/Olympus' }, 0)).toThrow(RangeError);
});

const times = fc
  .tuple(fc.nat({ max: 23 }), fc.nat({ max: 59 }))
  .map((parts) => parts.map((n) => String(n).padStart(2, '0')).join(':'));
test('whenever a robot anywhere asks, waiting until the answer says so changes the answer', () => {
  const zones = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'UTC',
  );
  fc.assert(
    fc.property(
      times,
      times,
      zones,
      fc.double({ min: at('2026-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z'), noNaN: true }),
      (from, to, zone, now) => {
        const answer = askWindow({ from, to, zone }, now);
        const changesAt = answer.open ? answer.closesAt : answer.opensAt;
        expect(changesAt).toBeGreaterThan(now);
        expect(changesAt - now).toBeLessThan(50 * HOUR);
        if (!answer.open) expect(askWindow({ from, to, zone }, answer.opensAt).open).toBe(true);
      },
    ),
  );
});
