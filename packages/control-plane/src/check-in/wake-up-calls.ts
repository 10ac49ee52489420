/** Lets a waiting check-in hear at once that its robot's order changed, whichever replica changed it. */
import type { RobotId } from '@fairlead/shared/ids';
import type { Signals } from '../signals/signals.ts';

export interface WakeUpCalls {
  /**
   * Listens for the robot from this moment on. `heard` resolves at the next call; `hangUp` must be called, and
   * resolves it too. Listen first and look second, else a change in between is missed.
   */
  listen(robot: RobotId): { readonly heard: Promise<void>; hangUp(): void };
}

/** Of one robot. It waits once; an answer to a line that was cut may be waited for until the server notices. */
export const MOST_CALLS = 4;

export function wakeUpCalls(signals: Pick<Signals, 'onWake'>): WakeUpCalls {
  const listeners = new Map<RobotId, Set<() => void>>();
  signals.onWake((robots) => {
    // A robot woken for nothing looks, and is told what it knows: better than one that waits for what it missed.
    for (const robot of robots === 'all' ? [...listeners.keys()] : robots) {
      for (const resolve of listeners.get(robot) ?? []) resolve();
    }
  });
  return {
    listen(robot) {
      const { promise: heard, resolve } = Promise.withResolvers<void>();
      const ofRobot = listeners.get(robot) ?? new Set();
      // The oldest is answered: what it would hear, the newest hears as well.
      const [oldest] = ofRobot;
      if (oldest && ofRobot.size >= MOST_CALLS) {
        oldest();
        ofRobot.delete(oldest);
      }
      listeners.set(robot, ofRobot.add(resolve));
      const hangUp = () => {
        resolve();
        ofRobot.delete(resolve);
        if (ofRobot.size === 0 && listeners.get(robot) === ofRobot) listeners.delete(robot);
      };
      return { heard, hangUp };
    },
  };
}
