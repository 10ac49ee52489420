/**
 * How many reports one robot may hand in: a burst that holds days of history, then a steady drip, so that a
 * robot gone wrong cannot fill the database or crowd out the others (attack 78). In memory: a restart forgives.
 */
import type { RobotId } from '@fairlead/shared/ids';
import { type Clock, SECOND } from '@fairlead/shared/time';

const REPORTS = { burst: 2000, perSecond: 5 };

/** Takes `count` from the robot's allowance; answers the seconds to wait where that is used up, else 0. */
export type FloodLimit = (robot: RobotId, count: number) => number;

export function floodLimit(clock: Clock, { burst, perSecond } = REPORTS): FloodLimit {
  const allowances = new Map<RobotId, { left: number; at: number }>();
  return (robot, count) => {
    const now = clock.now();
    const before = allowances.get(robot) ?? { left: burst, at: now };
    const regained = (Math.max(0, now - before.at) / SECOND) * perSecond;
    const left = Math.min(burst, before.left + regained);
    const isEnough = left >= count;
    // Also where it is refused: a clock that was set back must not keep it waiting for the old time.
    allowances.set(robot, { left: isEnough ? left - count : left, at: now });
    return isEnough ? 0 : Math.ceil((count - left) / perSecond);
  };
}
