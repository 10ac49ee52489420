import { expect, test } from 'vitest';
import { closestZone, isTimeZone } from './time-zone.ts';

test.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['+02:00', false],
  ['', false],
])('%s is a time zone: %s', (zone, expected) => {
  expect(isTimeZone(zone)).toBe(expected);
});

test.each([
  ['Europe/Berln', 'Europe/Berlin'],
  ['berlin', 'Europe/Berlin'],
  ['New York', 'America/New_York'],
  ['Europe/Munich-Schwabing-West', undefined],
])('whoever writes %s meant %s', (word, zone) => {
  expect(closestZone(word)).toBe(zone);
});
