/** Slice: one robot's part in an order to run a release, with everything that happened to it. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Degradation } from '@fairlead/shared/fleet/degradation';
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type {
  ComponentName,
  DeploymentId,
  EnvironmentName,
  RobotId,
  RolloutId,
  Sha256,
  Version,
} from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { TargetName } from '@fairlead/shared/trust/names';

/** A deployment's place in its rollout. */
export interface RolloutPart {
  readonly rollout: RolloutId;
  /** Absent where a newer attempt took its place: it is history, and counted no more. */
  readonly stage?: number;
  /** Where it stands among the robots of its rollout; the lowest goes first. */
  readonly rank: number;
  /** When the robot said that only the grant is missing. */
  readonly readyAt?: Instant;
  /** When it was allowed to switch; without it the order is held. */
  readonly grantedAt?: Instant;
  /** A person has seen that this attempt failed, and let the rollout go on: the gate does not count its failures. */
  readonly failureAccepted?: true;
  /** After this it counts as timed out. While it awaits its grant, this clock stands still: see `deadlineOf`. */
  readonly deadline: Instant;
}

export interface Deployment {
  readonly deployment: DeploymentId;
  readonly robot: RobotId;
  /** The robot's environment when it was ordered. */
  readonly environment: EnvironmentName;
  readonly component: ComponentName;
  readonly version: Version;
  readonly target: TargetName;
  readonly manifestSha256: Sha256;
  /** Bytes of the manifest's text. */
  readonly manifestLength: number;
  readonly kind: 'deploy' | 'rollback';
  readonly allowDowngrade: boolean;
  readonly state: DeploymentState;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly reason?: string;
  readonly endedAt?: Instant;
  readonly refusal?: Refusal;
  /** Present only while it is degraded. */
  readonly degradedBy?: readonly Degradation[];
  /** Absent where it was ordered directly. */
  readonly part?: RolloutPart;
  /** How many orders in a row repaired a difference between order and robot, this one included. */
  readonly repairs?: number;
  /** Break glass: what the robot steps over. */
  readonly override?: Override;
}
export type Override = NonNullable<ComponentOrder['override']>;

export interface DeploymentEventRecord {
  readonly at: Instant;
  readonly state: DeploymentState;
  /** The robot, a user, or control-plane. */
  readonly by: string;
  readonly refusal?: Refusal;
}

export interface DeploymentFilter {
  readonly robot?: RobotId | undefined;
  readonly component?: ComponentName | undefined;
  readonly state?: DeploymentState | undefined;
}

export interface Deployments {
  find(deployment: DeploymentId): Promise<Deployment | undefined>;
  /** Newest first; `after` is the last deployment of the page before. */
  list(
    filter: DeploymentFilter,
    page: { readonly after?: DeploymentId | undefined; readonly limit: number },
  ): Promise<readonly Deployment[]>;
  /** How many deployments are in each state; states without any are left out. */
  counts(): Promise<ReadonlyMap<DeploymentState, number>>;
  /** Oldest first. */
  events(deployment: DeploymentId): Promise<readonly DeploymentEventRecord[]>;
  /** Inserts or replaces the deployment, appends what happened, and keeps its rollout's tally right. */
  save(deployment: Deployment, event?: DeploymentEventRecord): Promise<void>;
}
