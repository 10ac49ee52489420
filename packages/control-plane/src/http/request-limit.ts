/**
 * How many requests one robot may make: far more than any honest one, and far fewer than keep a server busy. It counts
 * only requests that the robot's key has signed and that came for the first time: nobody else uses up its allowance.
 */
import type { RobotId } from '@fairlead/shared/ids';
import { type Clock, type Instant, SECOND } from '@fairlead/shared/time';
import { floodLimit } from './flood-limit.ts';

const REQUESTS = { burst: 600, perSecond: 10 };

export interface RequestLimit {
  /** Seconds that the robot has still to wait, else 0. Takes nothing: for requests that may be repetitions. */
  waitOf(robot: RobotId): number;
  /** Takes one request from its allowance; answers the seconds to wait where there was none, else 0. */
  take(robot: RobotId): number;
}

export function requestLimit(clock: Clock, { burst, perSecond } = REQUESTS): RequestLimit {
  const limit = floodLimit(clock, { burst, perSecond });
  const limitedUntil = new Map<RobotId, Instant>();
  return {
    waitOf(robot) {
      const left = (limitedUntil.get(robot) ?? 0) - clock.now();
      if (left <= 0) limitedUntil.delete(robot);
      return Math.max(0, Math.ceil(left / SECOND));
    },
    take(robot) {
      const seconds = limit(robot, 1);
      if (seconds > 0) limitedUntil.set(robot, clock.now() + seconds * SECOND);
      return seconds;
    },
  };
}
