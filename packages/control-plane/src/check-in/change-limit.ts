/**
 * How often one robot may change what is stored of it with a check-in: its health, and whether it runs what it was
 * ordered. Each change is an event that is kept, and check-ins cost a robot nothing. What is passed over now is said
 * again by the next check-in, so that the last of many changes counts in the end. In memory: a restart forgives.
 */
import type { RobotId } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import { floodLimit } from '../http/flood-limit.ts';

const CHANGES = { burst: 60, perSecond: 0.1 };

/** Whether the robot may make one more change now. `onLimited`: called for the first one that it may not make. */
export function changeLimit(clock: Clock, onLimited: (robot: RobotId) => void): (robot: RobotId) => boolean {
  const take = floodLimit(clock, CHANGES);
  const limited = new Set<RobotId>();
  return (robot) => {
    const mayChange = take(robot, 1) === 0;
    if (mayChange) limited.delete(robot);
    else if (!limited.has(robot)) {
      limited.add(robot);
      onLimited(robot);
    }
    return mayChange;
  };
}
