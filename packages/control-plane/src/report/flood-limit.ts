/**
 * How many reports one robot may hand in: a burst that holds days of history, then a steady drip, so that a
 * robot gone wrong cannot fill the database or crowd out the others (attack 78). In memory: a restart forgives.
 */
import type { RobotId } from '@fairlead/shared/ids';
import { type Clock, SECOND } from '@fairlead/shared/time';

const BURST = 2000;
const PER_SECOND = 5;

/** Takes `count` from the robot's allowance; answers the seconds to wait where that is used up, else 0. */
export type FloodLimit = (robot: RobotId, count: number) => number;

export function floodLimit(clock: Clock): FloodLimit {
  const allowances = new Map<RobotId, { left: number; at: number }>();
  return (robot, count) => {
    const now = clock.now();
    const before = allowances.get(robot) ?? { left: BURST, at: now };
    const regained = (Math.max(0, now - before.at) / SECOND) * PER_SECOND;
    const left = Math.min(BURST, before.left + regained);
    if (left < count) return Math.ceil((count - left) / PER_SECOND);
    allowances.set(robot, { left: left - count, at: now });
    return 0;
  };
}
