import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RobotId } from '../ids.ts';
import type { Labelled } from './labels-of.ts';
import { askMaintenance, type MaintenanceWindow, type WindowScope } from './maintenance-window.ts';

const at = (text: string) => Date.parse(text);
const duck: Labelled = {
  robot: 'duck-1' as RobotId,
  environment: 'production',
  group: 'ducks',
  labels: { site: 'munich' },
};
let made = 0;
const window = (scope: WindowScope, from: string, to: string, more: Partial<MaintenanceWindow> = {}) =>
  ({ name: `w${(made += 1)}`, scope, from, to, zone: 'UTC', ...more }) satisfies MaintenanceWindow;
const fleet: WindowScope = { fleet: true };
const say = (windows: readonly MaintenanceWindow[], time: string, robot = duck) => {
  const answer = askMaintenance(windows, robot, at(time));
  const stamp = (instant: number) => new Date(instant).toISOString().replace(':00.000Z', 'Z');
  if (!answer.open) return `opens ${stamp(answer.opensAt)} (${answer.window})`;
  return answer.closesAt === undefined ? 'always open' : `open until ${stamp(answer.closesAt)}`;
};

test('a robot that no window names may switch at any time', () => {
  expect(say([], '2026-11-21T12:00Z')).toBe('always open');
  expect(say([window({ group: 'geese' }, '01:00', '02:00')], '2026-11-21T12:00Z')).toBe('always open');
});

test('the most specific window that names a robot counts alone: robot before selector before group before fleet', () => {
  const all = [
    window(fleet, '01:00', '02:00', { name: 'fleet' }),
    window({ group: 'ducks' }, '03:00', '04:00', { name: 'group' }),
    window({ selector: 'site=munich' }, '05:00', '06:00', { name: 'selector' }),
    window({ robot: duck.robot }, '07:00', '08:00', { name: 'robot' }),
  ];
  const expected = ['07:00Z (robot)', '05:00Z (selector)', '03:00Z (group)', '01:00Z (fleet)'];
  expected.forEach((opening, fewer) => {
    expect(say(all.slice(0, 4 - fewer), '2026-11-21T00:00Z')).toBe(`opens 2026-11-21T${opening}`);
  });
});

test('windows of one scope add up, and what they hand over to each other is one opening', () => {
  const both = [window(fleet, '01:00', '03:00'), window(fleet, '02:30', '05:00'), window(fleet, '12:00', '13:00')];
  expect(say(both, '2026-11-21T01:30Z')).toBe('open until 2026-11-21T05:00Z');
  expect(say(both, '2026-11-21T06:00Z')).toMatch(/^opens 2026-11-21T12:00Z/);
  expect(say([window(fleet, '08:00', '20:00'), window(fleet, '20:00', '08:00')], '2026-11-21T06:00Z')).toBe(
    'always open',
  );
});

test('days that hand over to each other are one opening, however many they are', () => {
  const week = [window(fleet, '00:00', '00:00', { days: ['mon', 'tue', 'wed', 'thu'] })];
  expect(say(week, '2026-11-23T12:00Z')).toBe('open until 2026-11-27T00:00Z');
});

test('a window for a saved group is for whoever its selector chooses now', () => {
  const windows = [window({ group: 'bavaria' }, '01:00', '02:00')];
  const saved = [{ name: 'bavaria', selector: 'site in (munich,augsburg)' }];
  expect(askMaintenance(windows, duck, at('2026-11-21T12:00Z'), saved).open).toBe(false);
  expect(askMaintenance(windows, { ...duck, labels: { site: 'oslo' } }, at('2026-11-21T12:00Z'), saved).open).toBe(
    true,
  );
});

// Both nights of a year on which the clocks change, per zone; a window from 02:00 to 04:00.
test.each([
  ['Europe/Berlin', '2026-03-28T12:00Z', '2026-03-29T01:00Z', '2026-03-29T02:00Z'],
  ['Europe/Berlin', '2026-10-24T12:00Z', '2026-10-25T00:00Z', '2026-10-25T03:00Z'],
  ['America/New_York', '2026-03-07T12:00Z', '2026-03-08T07:00Z', '2026-03-08T08:00Z'],
  ['America/New_York', '2026-10-31T12:00Z', '2026-11-01T07:00Z', '2026-11-01T09:00Z'],
  ['Australia/Lord_Howe', '2026-10-02T20:00Z', '2026-10-03T15:30Z', '2026-10-03T17:00Z'],
  ['Australia/Lord_Howe', '2026-04-03T20:00Z', '2026-04-04T15:30Z', '2026-04-04T17:30Z'],
  ['Asia/Kolkata', '2026-03-28T12:00Z', '2026-03-28T20:30Z', '2026-03-28T22:30Z'],
])('in %s, asked at %s, the night opens at %s and closes at %s', (zone, now, opensAt, closesAt) => {
  const nightly = [window(fleet, '02:00', '04:00', { zone, name: 'night' })];
  const opening = new Date(at(opensAt)).toISOString().replace(':00.000Z', 'Z');
  expect(say(nightly, now)).toBe(`opens ${opening} (night)`);
  expect(say(nightly, opensAt)).toBe(`open until ${closesAt}`);
  expect(say(nightly, new Date(at(closesAt) - 1).toISOString())).toBe(`open until ${closesAt}`);
  expect(say(nightly, closesAt)).toMatch(/^opens/);
});

test('a maintenance window wholly in the skipped hour opens at the jump for its own length', () => {
  const nightly = [window(fleet, '02:15', '02:45', { zone: 'Europe/Berlin', name: 'night' })];
  expect(say(nightly, '2026-03-28T12:00Z')).toBe('opens 2026-03-29T01:00Z (night)');
  expect(say(nightly, '2026-03-29T01:00Z')).toBe('open until 2026-03-29T01:30Z');
});

const times = fc
  .tuple(fc.nat({ max: 23 }), fc.nat({ max: 59 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC');
const days = fc.option(
  fc.uniqueArray(fc.constantFrom('mon' as const, 'wed' as const, 'sun' as const), { minLength: 1 }),
  {
    nil: undefined,
  },
);
const scopes = fc.constantFrom<WindowScope>(fleet, { group: 'ducks' }, { robot: duck.robot }, { group: 'geese' });
const someWindow = fc
  .record({ scope: scopes, from: times, to: times, zone, days })
  .map(({ days: on, scope, from, to, ...more }) => window(scope, from, to, { ...more, ...(on && { days: on }) }));
// Half of the nights are those on which some clock changes.
const nights = ['2026-03-08', '2026-03-29', '2026-04-04', '2026-10-03', '2026-10-25', '2026-11-01'];
const moments = fc.oneof(
  fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2030-01-01T00:00Z') }),
  fc
    .tuple(fc.constantFrom(...nights), fc.integer({ min: -86_400_000, max: 86_400_000 }))
    .map(([night, off]) => at(night) + off),
);

test('whoever waits as long as the answer says finds the windows open, and shut when it said they close', () => {
  fc.assert(
    fc.property(fc.array(someWindow, { minLength: 1, maxLength: 4 }), moments, (windows, now) => {
      const answer = askMaintenance(windows, duck, now);
      if (!answer.open) {
        expect(answer.opensAt).toBeGreaterThan(now);
        expect(askMaintenance(windows, duck, answer.opensAt).open).toBe(true);
        expect(askMaintenance(windows, duck, answer.opensAt - 1).open).toBe(false);
      } else if (answer.closesAt !== undefined) {
        expect(answer.closesAt).toBeGreaterThan(now);
        expect(askMaintenance(windows, duck, answer.closesAt).open).toBe(false);
        expect(askMaintenance(windows, duck, answer.closesAt - 1).open).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('an answer that was remembered is the answer a fresh look gives', () => {
  fc.assert(
    fc.property(someWindow, fc.array(moments, { minLength: 2, maxLength: 12 }), (asked, all) => {
      for (const now of all)
        expect(askMaintenance([asked], duck, now)).toEqual(askMaintenance([{ ...asked }], duck, now));
    }),
  );
});
