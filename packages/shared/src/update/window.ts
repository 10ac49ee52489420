/**
 * The update window: when a robot may switch, in the wall-clock time of where it stands. Zones are IANA names,
 * because "from 02:00 to 04:00" means another instant after the clocks changed.
 */
import { Temporal } from 'temporal-polyfill';
import type { Instant } from '../time.ts';
import type { UpdateWindow } from './update-window.ts';
import { WEEKDAYS } from './weekday.ts';
import { zonedAt } from './zoned-time.ts';

export type WindowAnswer =
  | { readonly open: true; readonly closesAt: Instant }
  | { readonly open: false; readonly opensAt: Instant };

/** Whether the window is open at `now`, and when that changes. Throws RangeError for a zone that does not exist. */
export function askWindow(window: UpdateWindow, now: Instant): WindowAnswer {
  const today = zonedAt(now, window.zone).toPlainDate();
  // From yesterday (a window past midnight may still be open) to the same weekday of next week.
  for (let ahead = -1; ahead <= 8; ahead += 1) {
    const day = today.add({ days: ahead });
    if (!opensOn(window, day)) continue;
    const { opensAt, closesAt } = openingOf(window, day);
    if (now < opensAt) return { open: false, opensAt };
    if (now < closesAt) return { open: true, closesAt };
  }
  throw new RangeError('An update window opens at least once a week.');
}

function opensOn(window: UpdateWindow, day: Temporal.PlainDate): boolean {
  const weekday = WEEKDAYS[day.dayOfWeek - 1];
  return window.days === undefined || window.days.some((each) => each === weekday);
}

function openingOf(window: UpdateWindow, day: Temporal.PlainDate): { opensAt: Instant; closesAt: Instant } {
  const at = (date: Temporal.PlainDate, time: string) =>
    date.toZonedDateTime({ timeZone: window.zone, plainTime: Temporal.PlainTime.from(time) });
  const opening = at(day, window.from);
  const closing = at(window.to > window.from ? day : day.add({ days: 1 }), window.to);
  const opensAt = (isSkipped(opening, window.from) ? jumpBefore(opening, day, window) : opening).epochMilliseconds;
  const closesAt = closing.epochMilliseconds;
  // It lies wholly in the skipped hour: it opens all the same, for as long as its clock times say.
  const isWhollySkipped = isSkipped(opening, window.from) && isSkipped(closing, window.to);
  if (isWhollySkipped || closesAt <= opensAt) return { opensAt, closesAt: opensAt + nominalLength(window) };
  return { opensAt, closesAt };
}

/** Spring forward: the minute at which it would open or close does not exist that day. */
const isSkipped = (resolved: Temporal.ZonedDateTime, time: string): boolean =>
  !resolved.toPlainTime().equals(Temporal.PlainTime.from(time));

/** Then it opens where the clock jumps: the first change after the same clock time read before the jump. */
function jumpBefore(opening: Temporal.ZonedDateTime, day: Temporal.PlainDate, window: UpdateWindow) {
  const before = day
    .toPlainDateTime(Temporal.PlainTime.from(window.from))
    .toZonedDateTime(window.zone, { disambiguation: 'earlier' });
  return before.getTimeZoneTransition('next') ?? opening;
}

const nominalLength = ({ from, to }: UpdateWindow): number =>
  Temporal.PlainTime.from(from).until(Temporal.PlainTime.from(to)).total('milliseconds');
