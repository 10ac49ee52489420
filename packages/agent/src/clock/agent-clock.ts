/**
 * What time it is on a robot that may boot in 1970 or be lied to by NTP (TRUST 4.7).
 *
 * Best first: the director's signed time, carried on by the monotonic clock; else the system clock, but never
 * before the floor. Only authenticated times move the floor: one spoofed 2100 must not brick updates for ever.
 */
import { Clock, HOUR, type Instant, MINUTE, SECOND } from '@fairlead/shared/time';

/** An answer slower than this may have been held back by somebody, and its time is that old. */
const FRESH = 10 * SECOND;
const LARGE_SKEW = 5 * MINUTE;

export interface Floor {
  /** No time before this can be true. */
  timeFloor(): Instant;
  /** Durable; only ever called with authenticated time. */
  raiseTimeFloor(to: Instant): void;
}

/** Monotonic milliseconds at which a question was sent and its answer was there. */
export interface RoundTrip {
  readonly askedAt: number;
  readonly answeredAt: number;
}
/** A time that the director signed for a nonce of ours. */
export interface DirectorTime extends RoundTrip {
  readonly time: Instant;
}
export const isFresh = (trip: RoundTrip): boolean => trip.answeredAt - trip.askedAt < FRESH;

export interface AgentClock extends Clock {
  trust(): 'director' | 'floor' | 'system';
  /**
   * Believes `heard`, whose signature and nonce were checked. Answers how far the system clock is off, in milliseconds;
   * undefined for an answer that came too late to tell.
   */
  believe(heard: DirectorTime): { readonly skewMs: number; readonly isLarge: boolean } | undefined;
}

export function createAgentClock(deps: {
  readonly floor: Floor;
  /** The system clock, milliseconds since 1970, fractions allowed. */
  readonly wall: () => number;
  /** Milliseconds that no NTP step touches, fractions allowed. */
  readonly monotonic: () => number;
}): AgentClock {
  const { floor, wall, monotonic } = deps;
  let director: { readonly time: Instant; readonly at: number } | undefined;

  const clock = new Clock(() => {
    const best = director ? director.time + (monotonic() - director.at) : wall();
    return Math.max(best, floor.timeFloor());
  });
  return Object.assign(clock, {
    trust(): ReturnType<AgentClock['trust']> {
      if (director) return 'director';
      return wall() > floor.timeFloor() ? 'system' : 'floor';
    },
    believe(heard: DirectorTime) {
      // A late answer is still true as a lower bound: it was signed after we asked.
      if (heard.time > floor.timeFloor() + HOUR || !director) floor.raiseTimeFloor(heard.time);
      if (!isFresh(heard)) return undefined;
      director = { time: heard.time, at: heard.answeredAt };
      const skewMs = Math.round(wall() - clock.now());
      return { skewMs, isLarge: Math.abs(skewMs) > LARGE_SKEW };
    },
  });
}
