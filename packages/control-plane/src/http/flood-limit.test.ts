import type { RobotId } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { HOUR, SECOND } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { floodLimit } from './flood-limit.ts';
import { requestLimit } from './request-limit.ts';

const robot = 'duck-1' as RobotId;

describe('a robot at its limit, while the clock of the server is set back by an hour', () => {
  test('regains its allowance as before, and does not wait until the clock shows the old time', () => {
    const clock = testClock();
    const take = floodLimit(clock, { burst: 2, perSecond: 1 });
    expect([take(robot, 2), take(robot, 1)]).toEqual([0, 1]);
    clock.pass(-HOUR);
    expect(take(robot, 1)).toBe(1);
    clock.pass(2 * SECOND);
    expect(take(robot, 1)).toBe(0);
  });

  test('is told to wait for seconds, and not for the hour', () => {
    const clock = testClock();
    const limit = requestLimit(clock, { burst: 2, perSecond: 1 });
    expect([limit.take(robot), limit.take(robot), limit.take(robot)]).toEqual([0, 0, 1]);
    expect(limit.waitOf(robot)).toBe(1);
    clock.pass(-HOUR);
    expect([limit.waitOf(robot), limit.take(robot)]).toEqual([0, 1]);
    clock.pass(2 * SECOND);
    expect(limit.waitOf(robot)).toBe(0);
    expect(limit.take(robot)).toBe(0);
  });
});
