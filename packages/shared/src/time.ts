/** Time and chance are arguments: the core never asks the machine. */
import { Type } from 'typebox';

/** Whole milliseconds since 1970-01-01T00:00:00Z. Made by `instant`, by a Clock, or read from a Timestamp. */
export type Instant = number;

/** 9999-12-31T23:59:59.999Z and 0000-01-01T00:00:00.000Z: what a Timestamp with four digits of the year can name. */
export const LAST_INSTANT = 253_402_300_799_999;
const FIRST_INSTANT = -62_167_219_200_000;

const isInstant = (whole: number): boolean => whole >= FIRST_INSTANT && whole <= LAST_INSTANT;

/** The Instant in which `ms` lies: rounded down. Throws RangeError for what is no time (NaN, outside the years 0 to 9999). */
export function instant(ms: number): Instant {
  if (isInstant(Math.floor(ms))) return Math.floor(ms);
  throw new RangeError(`${ms} is not a number of milliseconds between the years 0 and 9999.`);
}

/** A date and a time that exist: month 13 and 25:00 match nothing, so that every parsed Timestamp is an Instant. */
export const TO_THE_SECOND =
  '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]';

/** RFC 3339 in UTC with milliseconds, as every document of Fairlead writes time. */
export const Timestamp = Type.String({
  pattern: `^${TO_THE_SECOND}(\\.[0-9]{1,3})?Z$`,
  description: 'RFC 3339, UTC: 2026-11-21T09:00:00.000Z',
});

/**
 * The best known wall-clock time. A class with a private field, so that an object with a `now` of its own is not a
 * Clock for the compiler: machines hand out fractions of a millisecond, and only this constructor rounds them.
 */
export class Clock {
  readonly #source: () => number;

  /** `source`: milliseconds since 1970, fractions allowed. */
  constructor(source: () => number) {
    this.#source = source;
  }
  /** Throws RangeError where the source reads no time. */
  readonly now = (): Instant => instant(this.#source());
}

export const toTimestamp = (at: Instant): string => new globalThis.Date(instant(at)).toISOString();
/** Throws RangeError for a text that names no time; `parseDate` asks first. */
export const fromTimestamp = (text: string): Instant => instant(globalThis.Date.parse(text));

/** A date as servers write it (RFC 3339, or RFC 9110 in headers). Undefined where the text is none. */
export function parseDate(text: string): Instant | undefined {
  const ms = globalThis.Date.parse(text);
  return isInstant(ms) ? ms : undefined;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** 2^31 - 1 ms, almost 25 days: a timer of Node or a browser that is set to more fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `ms` as a timer takes it: what is too long ends early, what is negative or no number at once. */
export const timerMs = (ms: number): number => (ms > 0 ? Math.min(ms, LONGEST_TIMER_MS) : 0);
