/**
 * How often the robots of a fleet speak by themselves. A server has so many of them a second whatever the size of the
 * fleet; an order reaches a robot at once all the same, as a long-poll would bring it.
 */
import { MINUTE, SECOND } from '@fairlead/shared/time';

export interface Pace {
  readonly checkInSec: number;
  /** Reports of so long go in one delivery, as from a robot on a dear line. */
  readonly gatherMs: number;
  /** How long a person waits between two things to do, on average: a large fleet takes longer for each. */
  readonly actEvery: number;
}

/** What an agent waits for more reports on a good line. */
const AT_ONCE = 0.6 * SECOND;
/** More robots than that share a server as a large fleet does. */
const LARGE = 2000;

export function paceOf(robots: number): Pace {
  const checkInSec = Math.round(Math.min(1800, Math.max(120, robots / 2)));
  const isLarge = robots > LARGE;
  return { checkInSec, gatherMs: isLarge ? 20 * SECOND : AT_ONCE, actEvery: (isLarge ? 15 : 8) * MINUTE };
}

/** Hours of rough world that a fleet of this size gets where nobody says. */
export function hoursFor(robots: number): number {
  if (robots > LARGE) return 1.25;
  if (robots > 500) return 2;
  return robots > 200 ? 3 : 6;
}
