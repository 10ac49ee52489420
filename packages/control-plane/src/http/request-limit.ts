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
  const limited = new Map<RobotId, { readonly since: Instant; readonly until: Instant }>();
  return {
    waitOf(robot) {
      const { since, until } = limited.get(robot) ?? { since: 0, until: 0 };
      const now = clock.now();
      if (since <= now && now < until) return Math.ceil((until - now) / SECOND);
      // Its time is over, or the clock was set back.
      limited.delete(robot);
      return 0;
    },
    take(robot) {
      const seconds = limit(robot, 1);
      const now = clock.now();
      if (seconds > 0) limited.set(robot, { since: now, until: now + seconds * SECOND });
      return seconds;
    },
  };
}
