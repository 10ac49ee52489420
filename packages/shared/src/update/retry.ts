/**
 * When to try again, and when not to: every retry has a budget and a terminal class (DESIGN 7.3). Full jitter
 * (a random part of the doubled pause) keeps a fleet that lost its server from coming back in one wave.
 */
import { HOUR, type Instant, MINUTE, parseDate, SECOND } from '../time.ts';

const FIRST_PAUSE = 1 * SECOND;
const LONGEST_PAUSE = 1 * MINUTE;
/** A server that asks for more than this is taken for broken. */
export const LONGEST_RETRY_AFTER = 1 * HOUR;
/** How long a robot goes on without one new byte: a night without network is no reason to fail. */
export const PATIENCE = 24 * HOUR;
/** A server that gives one byte and hangs up would else be asked for ever. */
export const MOST_ATTEMPTS = 2000;

/** Statuses after which asking again can't help: the order itself must change. */
const TERMINAL: ReadonlySet<number> = new Set([400, 403, 404, 405, 410, 413, 414, 451, 501]);
export const isTerminalStatus = (status: number): boolean => TERMINAL.has(status);

/** Milliseconds to wait before attempt `attempt + 1`; `random` is 0 to 1. */
export function backOff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempt - 1, 20));
  return Math.round(ceiling * random);
}

export interface Attempts {
  /** All attempts of this download so far, at least 1. */
  readonly made: number;
  /** Attempts since the last new byte, at least 1. */
  readonly fruitless: number;
  /** Milliseconds since the last new byte (or the start). */
  readonly fruitlessMs: number;
}
export type Retry = { readonly again: true; readonly inMs: number } | { readonly again: false; readonly why: string };

/** Decides after a failed attempt whose kind is worth retrying. `retryAfterMs`: what the server asked for. */
export function planRetry(attempts: Attempts, random: number, retryAfterMs?: number): Retry {
  if (attempts.made >= MOST_ATTEMPTS) return { again: false, why: `${attempts.made} attempts were made` };
  if (attempts.fruitlessMs >= PATIENCE) {
    return { again: false, why: `not one byte came in ${Math.round(attempts.fruitlessMs / HOUR)} hours` };
  }
  const pause = backOff(attempts.fruitless, random);
  // Retry-After is a lower bound, and the jitter comes on top: it was told to the whole fleet at once.
  return {
    again: true,
    inMs: retryAfterMs === undefined ? pause : Math.min(retryAfterMs, LONGEST_RETRY_AFTER) + pause,
  };
}

/** Retry-After (RFC 9110 10.2.3) in milliseconds: seconds, or a date. Undefined where it is neither. */
export function parseRetryAfter(value: string | undefined, now: Instant): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * SECOND;
  const at = /^[A-Z][a-z]{2}, /.test(value) ? parseDate(value) : undefined;
  return at === undefined ? undefined : Math.max(0, at - now);
}
