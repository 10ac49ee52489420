/** A moment as people write it: RFC 3339, `2026-10-25 02:30`, `22:00`, `tomorrow 02:00`; on clocks that jump twice a year. */
import { Temporal } from 'temporal-polyfill';
import { accept, type Result, refuse } from '../failure.ts';
import type { Instant } from '../time.ts';
import { zonedAt } from './zoned-time.ts';

const CLOCK = /^(?:(today|tomorrow) )?([01][0-9]|2[0-3]):([0-5][0-9])$/;
const DATE_AND_CLOCK = /^(\d{4}-\d{2}-\d{2})[ T]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * `22:00` is the next time that the clocks of `zone` show it. Refused with a sentence: what does not parse, lies in
 * the past, or is an hour that this night does not have, or has twice.
 */
export function readMoment(text: string, zone: string, now: Instant): Result<Instant, string> {
  if (RFC3339.test(text)) {
    try {
      return future(Temporal.Instant.from(text).epochMilliseconds, text, now);
    } catch {
      return refuse(noDate(text));
    }
  }
  const dated = DATE_AND_CLOCK.exec(text);
  if (dated) return onDate(dated, zone, now);
  const said = CLOCK.exec(text);
  if (!said) return refuse('a time is 2026-11-24T02:00:00+01:00, "2026-11-24 02:00", 22:00 or "tomorrow 02:00"');
  const [, day, hour, minute] = said;
  const today = zonedAt(now, zone).toPlainDate();
  const time = Temporal.PlainTime.from({ hour: Number(hour), minute: Number(minute) });
  const first = onDay(today.add({ days: day === 'tomorrow' ? 1 : 0 }), time, zone);
  if (!first.ok || day !== undefined || first.value > now) return first.ok ? future(first.value, text, now) : first;
  return onDay(today.add({ days: 1 }), time, zone);
}

const noDate = (text: string): string => `${text} is no date that exists`;

/** A date and a time on the clocks of `zone`. */
function onDate(
  [text = '', date = '', ...clock]: readonly string[],
  zone: string,
  now: Instant,
): Result<Instant, string> {
  const [hour = 0, minute = 0, second = 0] = clock.map((part) => Number(part ?? 0));
  let day: Temporal.PlainDate;
  try {
    day = Temporal.PlainDate.from(date, { overflow: 'reject' });
  } catch {
    return refuse(noDate(text));
  }
  const at = onDay(day, Temporal.PlainTime.from({ hour, minute, second }), zone);
  return at.ok ? future(at.value, text, now) : at;
}

function onDay(day: Temporal.PlainDate, time: Temporal.PlainTime, timeZone: string): Result<Instant, string> {
  const local = day.toPlainDateTime(time);
  const [early, late] = (['earlier', 'later'] as const).map((disambiguation) =>
    local.toZonedDateTime(timeZone, { disambiguation }),
  );
  if (!early || !late) return refuse('that time does not exist');
  if (early.epochMilliseconds === late.epochMilliseconds) return accept(early.epochMilliseconds);
  const both = `${rfc(early)} and ${rfc(late)}`;
  const isGap = !early.toPlainTime().equals(time) || !late.toPlainTime().equals(time);
  return refuse(
    isGap
      ? `${time.toString().slice(0, 5)} does not exist in ${timeZone} on ${day}: the clocks jump over it; near it lie ${both}`
      : `${time.toString().slice(0, 5)} comes twice in ${timeZone} on ${day}: say which, ${both}`,
  );
}

const rfc = (at: Temporal.ZonedDateTime): string => at.toString({ timeZoneName: 'never', smallestUnit: 'second' });

const future = (at: Instant, text: string, now: Instant): Result<Instant, string> =>
  at > now ? accept(at) : refuse(`${text} is in the past`);

/** The same moment on the clocks of a zone: 2026-11-24 02:00 +01:00. */
export const sayInZone = (at: Instant, zone: string): string => {
  const there = zonedAt(at, zone);
  return `${there.toPlainDate()} ${there.toPlainTime().toString().slice(0, 5)} ${there.offset} (${zone})`;
};
