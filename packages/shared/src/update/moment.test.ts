import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readMoment, sayInZone } from './moment.ts';

const now = Date.parse('2026-11-21T09:00:00Z');
const read = (text: string, zone = 'Europe/Berlin', at = now) => {
  const moment = readMoment(text, zone, at);
  return moment.ok ? new Date(moment.value).toISOString() : moment.refused;
};

test.each([
  ['22:00', '2026-11-21T21:00:00.000Z'],
  ['09:30', '2026-11-22T08:30:00.000Z'],
  ['tomorrow 02:00', '2026-11-22T01:00:00.000Z'],
  ['2026-11-24T02:00:00+01:00', '2026-11-24T01:00:00.000Z'],
  ['today 09:00', 'today 09:00 is in the past'],
  ['2026-02-30T02:00:00Z', '2026-02-30T02:00:00Z is no date that exists'],
  ['2026-11-24 02:00', '2026-11-24T01:00:00.000Z'],
  ['2026-11-24T02:00', '2026-11-24T01:00:00.000Z'],
  ['2026-11-24 02:00:30', '2026-11-24T01:00:30.000Z'],
  ['2026-11-21 09:59', '2026-11-21 09:59 is in the past'],
  ['2026-02-30 02:00', '2026-02-30 02:00 is no date that exists'],
  ['noon', 'a time is 2026-11-24T02:00:00+01:00, "2026-11-24 02:00", 22:00 or "tomorrow 02:00"'],
])('%s', (text, means) => {
  expect(read(text)).toBe(means);
});

test('an hour that the night of the jump does not have is refused with its neighbours, one that comes twice too', () => {
  expect(read('tomorrow 02:30', 'Europe/Berlin', Date.parse('2027-03-27T12:00:00Z'))).toBe(
    '02:30 does not exist in Europe/Berlin on 2027-03-28: the clocks jump over it; near it lie 2027-03-28T01:30:00+01:00 and 2027-03-28T03:30:00+02:00',
  );
  expect(read('tomorrow 02:30', 'Europe/Berlin', Date.parse('2026-10-24T12:00:00Z'))).toBe(
    '02:30 comes twice in Europe/Berlin on 2026-10-25: say which, 2026-10-25T02:30:00+02:00 and 2026-10-25T02:30:00+01:00',
  );
});

test('a date and an hour that comes twice, or not at all, is refused with both candidates, and each of them is accepted', () => {
  const twice = read('2026-10-25 02:30', 'Europe/Berlin', Date.parse('2026-03-01T12:00:00Z'));
  expect(twice).toBe(
    '02:30 comes twice in Europe/Berlin on 2026-10-25: say which, 2026-10-25T02:30:00+02:00 and 2026-10-25T02:30:00+01:00',
  );
  const never = read('2027-03-28 02:30');
  expect(never).toBe(
    '02:30 does not exist in Europe/Berlin on 2027-03-28: the clocks jump over it; near it lie 2027-03-28T01:30:00+01:00 and 2027-03-28T03:30:00+02:00',
  );
  for (const refused of [twice, never]) {
    const candidates = refused.match(/\d{4}-\d{2}-\d{2}T[\d:]+\+\d{2}:\d{2}/g) ?? [];
    expect(candidates).toHaveLength(2);
    for (const candidate of candidates) expect(read(candidate, 'UTC', Date.UTC(2026, 2, 1))).toMatch(/^20.*Z$/);
  }
});

test('what is read lies in the future, within two days for a clock time, and says the same again', () => {
  const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC');
  const time = fc
    .tuple(fc.nat(23), fc.nat(59))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
  fc.assert(
    fc.property(zone, time, fc.integer({ min: 0, max: 400 }), (where, clock, day) => {
      const at = now + day * 86_400_000;
      const moment = readMoment(clock, where, at);
      if (!moment.ok) {
        expect(moment.refused).toMatch(/does not exist|comes twice/);
        return;
      }
      expect(moment.value).toBeGreaterThan(at);
      expect(moment.value - at).toBeLessThanOrEqual(25.5 * 3_600_000);
      expect(sayInZone(moment.value, where)).toContain(` ${clock} `);
    }),
  );
});
