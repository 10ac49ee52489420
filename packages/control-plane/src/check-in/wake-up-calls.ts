/** Lets a waiting check-in hear at once that its robot's order changed. In this process; replicas need more. */
import type { RobotId } from '@fairlead/shared/ids';

export interface WakeUpCalls {
  /**
   * Listens for the robot from this moment on. `heard` resolves at the next call; `hangUp` must be called, and
   * resolves it too. Listen first and look second, else a change in between is missed.
   */
  listen(robot: RobotId): { readonly heard: Promise<void>; hangUp(): void };
  wake(robots: readonly RobotId[]): void;
}

export function wakeUpCalls(): WakeUpCalls {
  const listeners = new Map<RobotId, Set<() => void>>();
  return {
    listen(robot) {
      const { promise: heard, resolve } = Promise.withResolvers<void>();
      const ofRobot = listeners.get(robot) ?? new Set();
      listeners.set(robot, ofRobot.add(resolve));
      const hangUp = () => {
        resolve();
        ofRobot.delete(resolve);
        if (ofRobot.size === 0 && listeners.get(robot) === ofRobot) listeners.delete(robot);
      };
      return { heard, hangUp };
    },
    wake(robots) {
      for (const robot of robots) for (const resolve of listeners.get(robot) ?? []) resolve();
    },
  };
}
