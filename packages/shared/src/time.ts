/** Time and chance are arguments: the core never asks the machine. */
import { Type } from 'typebox';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** RFC 3339 in UTC with milliseconds, as every document of Fairlead writes time. */
export const Timestamp = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?Z$',
  description: 'RFC 3339, UTC: 2026-11-21T09:00:00.000Z',
});

export interface Clock {
  /** The best known wall-clock time. */
  now(): Instant;
}

export const toTimestamp = (instant: Instant): string => new globalThis.Date(instant).toISOString();
export const fromTimestamp = (text: string): Instant => globalThis.Date.parse(text);

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
