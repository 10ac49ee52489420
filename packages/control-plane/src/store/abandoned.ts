/** Slice: releases that a robot was rolled back from. A rollback without a version never returns to one of them. */
import type { ComponentName, DeploymentId, RobotId, Sha256, Version } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface AbandonedRelease {
  readonly robot: RobotId;
  readonly component: ComponentName;
  readonly version: Version;
  readonly manifestSha256: Sha256;
  readonly at: Instant;
  /** The operator who ordered the rollback, or the robot that rolled back by itself. */
  readonly by: string;
  readonly reason?: string;
  /** The deployment that left it: the rollback, or the update that failed on the robot. */
  readonly deployment?: DeploymentId;
}

export interface AbandonedSlice {
  /** Newest first. */
  of(robot: RobotId, component: ComponentName): Promise<readonly AbandonedRelease[]>;
  /** Inserts, or replaces the record of the same release. */
  save(release: AbandonedRelease): Promise<void>;
  /** The robot runs it again because a person ordered exactly this release later than it was abandoned. */
  forget(release: Pick<AbandonedRelease, 'robot' | 'component' | 'manifestSha256'>, orderedAt: Instant): Promise<void>;
  /** The rollback that would have left it was withdrawn before it began. */
  forgetLeftBy(deployment: DeploymentId): Promise<void>;
}
