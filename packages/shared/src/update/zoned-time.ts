/** An Instant on the clocks of a zone: the one way into Temporal, which throws for a fraction of a millisecond. */
import { Temporal } from 'temporal-polyfill';
import { type Instant, instant } from '../time.ts';

/** Throws RangeError for a zone that does not exist. */
export const zonedAt = (at: Instant, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(instant(at)).toZonedDateTimeISO(zone);
