/**
 * How many reports one robot may hand in: a burst that holds days of history, then a steady drip, so that a
 * robot gone wrong cannot fill the database or crowd out the others (attack 78). In memory: a restart forgives.
 */
import type { RobotId } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import { allowances } from './allowances.ts';

const REPORTS = { burst: 2000, perSecond: 5 };

/** Takes `count` from the robot's allowance; answers the seconds to wait where that is used up, else 0. */
export type FloodLimit = (robot: RobotId, count: number) => number;

export const floodLimit = (clock: Clock, limit = REPORTS): FloodLimit => allowances<RobotId>(clock, limit).take;
