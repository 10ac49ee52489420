/** Slice: which deployment each robot should have for each component, and how often that changed. */
import type { ComponentName, DeploymentId, RobotId } from '@fairlead/shared/ids';
import type { Deployment } from './deployments.ts';

export interface Desired {
  /** The `seq` of the robot's assignments: rises with every change of what they say. 0 before the first. */
  readonly generation: number;
  /** One per component, by its name. */
  readonly deployments: readonly Deployment[];
}

export interface DesiredSlice {
  /** Generation and deployments as of one moment: they are signed together. */
  of(robot: RobotId): Promise<Desired>;
  /** Of these robots, those that were ever given anything. */
  named(robots: readonly RobotId[]): Promise<ReadonlyMap<RobotId, readonly Deployment[]>>;
  /** All robots that were ever given anything. */
  all(): Promise<ReadonlyMap<RobotId, readonly Deployment[]>>;
  /**
   * Raises the generation, to at least `atLeast`, and answers the new one. Call it first in the transaction
   * that changes what the robot should run: it holds the robot's row until that transaction ends.
   */
  raise(robot: RobotId, atLeast?: number): Promise<number>;
  set(robot: RobotId, component: ComponentName, deployment: DeploymentId): Promise<void>;
  unset(robot: RobotId, component: ComponentName): Promise<void>;
}
