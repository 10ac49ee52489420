/** Slice: rollouts, the robots that take part, and who drives them. */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName, DeploymentId, RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { RolloutState } from '@fairlead/shared/rollout/states';
import type { Instant } from '@fairlead/shared/time';
import type { Deployment } from './deployments.ts';
import type { CountedStage } from './kysely-tallies.ts';

export interface Member {
  readonly robot: RobotId;
  readonly rank: number;
  /** Absent before its cohort is fixed. */
  readonly stage?: number;
  /** Its newest one. */
  readonly deployment?: DeploymentId;
  readonly excluded?: Refusal;
}
export interface RolloutEventRecord {
  readonly at: Instant;
  readonly by: string;
  readonly what: string;
  readonly detail?: string;
}
/** The last attempt of a rollout on a robot that it brought to its release, or that it allowed to switch to it. */
export type Updated = Pick<Deployment, 'robot' | 'component' | 'manifestSha256' | 'deployment' | 'state'>;
/** A robot that has committed the release, in a stage that soaks. */
export interface WatchedRobot extends Pick<Deployment, 'robot' | 'deployment'> {
  /** Why it can't be observed any more; absent where it can. */
  readonly departed?: 'decommissioned' | 'quarantined' | 'not-ordered';
}
export interface MemberFilter {
  readonly stage?: number | undefined;
  readonly state?: Deployment['state'] | undefined;
  readonly excluded?: boolean | undefined;
}

export interface Rollouts {
  insert(rollout: Rollout, event: RolloutEventRecord): Promise<void>;
  find(rollout: RolloutId): Promise<Rollout | undefined>;
  /** Newest first. */
  list(
    filter: { readonly state?: RolloutState | undefined; readonly component?: ComponentName | undefined },
    page: { readonly after?: RolloutId | undefined; readonly limit: number },
  ): Promise<readonly Rollout[]>;
  /** All that have not ended, oldest first. */
  active(): Promise<readonly Rollout[]>;
  /**
   * Compare and swap: writes `next` where the stored generation is still `next.generation - 1`. False where somebody
   * else was faster; then nothing was written.
   */
  replace(next: Rollout, event?: RolloutEventRecord): Promise<boolean>;
  /** Oldest first. */
  events(rollout: RolloutId): Promise<readonly RolloutEventRecord[]>;

  /** Robots that take part already stay as they are. Answers how many are new. */
  addMembers(rollout: RolloutId, members: readonly Member[]): Promise<number>;
  member(rollout: RolloutId, robot: RobotId): Promise<Member | undefined>;
  /** By name, after the last one of the page before. */
  members(
    rollout: RolloutId,
    filter: MemberFilter,
    page: { readonly after?: RobotId | undefined; readonly limit: number },
  ): Promise<readonly (Member & { readonly deployed?: Deployment })[]>;
  countMembers(rollout: RolloutId): Promise<{ readonly members: number; readonly excluded: number }>;
  /** Rollouts that have not ended in which this robot takes part. */
  ofRobot(robot: RobotId): Promise<readonly RolloutId[]>;
  /** Rollouts that have passed all their stages and left this robot out, newest first; only the last few. */
  leftOutOf(robot: RobotId): Promise<readonly RolloutId[]>;
  /** Whether every robot that `older` still has to bring to its release takes part in `newer`. */
  takesAllOf(newer: RolloutId, older: RolloutId): Promise<boolean>;
  /**
   * Robots that it allowed to switch, whatever their result: a robot that was granted the switch may carry it out
   * long after it timed out or was cancelled. Some run something else since. By name.
   */
  updatedBy(rollout: RolloutId): Promise<readonly Updated[]>;
  /** Robots without a cohort, lowest rank first, after `after`. */
  withoutStage(
    rollout: RolloutId,
    page: { readonly after?: Member | undefined; readonly limit: number },
  ): Promise<readonly Member[]>;
  /** Fixes the cohort. */
  takeIntoStage(rollout: RolloutId, stage: number, robots: readonly RobotId[]): Promise<void>;
  /** Robots of cohorts begun so far that have no order yet: earlier stages first, then by rank; after `after`. */
  unplaced(
    rollout: RolloutId,
    page: { readonly after?: Member | undefined; readonly limit: number },
  ): Promise<readonly Member[]>;
  /** The robot got its order; undefined: it is to be ordered once more. `member` as it is stored. */
  place(rollout: RolloutId, member: Member, deployment: DeploymentId | undefined): Promise<void>;
  exclude(rollout: RolloutId, member: Member, why: Refusal): Promise<void>;

  /** Of every robot that has failed so far: its failure is accepted, and stays so until it is ordered once more. */
  acceptFailures(rollout: RolloutId): Promise<void>;
  /** What is counted, by stage. */
  tallies(rollout: RolloutId): Promise<ReadonlyMap<number, CountedStage>>;
  /** Robots of the whole fleet that download, stage or test for a rollout. */
  staging(): Promise<number>;
  /** Deployments that wait for nothing but the grant, lowest rank first, after `after`. */
  awaitingGrant(
    rollout: RolloutId,
    page: { readonly after?: number | undefined; readonly limit: number },
  ): Promise<readonly Deployment[]>;
  /** Robots of the whole fleet that may be switching now, one per deployment. */
  inBudget(): Promise<readonly RobotId[]>;
  /** Takes the budgets for this transaction: two that count and grant at once would both find room. */
  lockBudgets(): Promise<void>;
  overdue(rollout: RolloutId, now: Instant, limit: number): Promise<readonly Deployment[]>;
  /**
   * Deployments past their deadline whose robots may be switching, in rollouts that do not run: no replica drives those, and
   * a robot that froze in one of them would keep its place in every budget.
   */
  overdueWithoutDriver(now: Instant, limit: number): Promise<readonly Deployment[]>;
  /** Nobody's time ends before `deadline`: it stood still while the rollout did. */
  renewDeadlines(rollout: RolloutId, deadline: Instant): Promise<void>;
  countOverdue(rollout: RolloutId, now: Instant): Promise<number>;
  /** When the next open deployment of it is due; undefined where none is open. */
  nextDeadline(rollout: RolloutId): Promise<Instant | undefined>;
  /**
   * Robots of the stage on which it succeeded, by the id of their deployment, after the last one of the page before.
   * One that left the fleet, was quarantined, or is ordered something else or nothing is marked as departed.
   */
  watched(
    rollout: RolloutId,
    stage: number,
    page: { readonly after?: DeploymentId | undefined; readonly limit: number },
  ): Promise<readonly WatchedRobot[]>;
  /** Its deployments that have not ended, by id, after the last one of the page before. */
  open(
    rollout: RolloutId,
    page: { readonly after?: DeploymentId | undefined; readonly limit: number },
  ): Promise<readonly Deployment[]>;
  /** Robots with an open deployment of it are told something else from now on: raises their generations. */
  raiseOpen(rollout: RolloutId): Promise<readonly RobotId[]>;

  /**
   * Exactly one driver per rollout: true where `holder` has the lease, now until `until`. A driver that slept past its
   * lease finds it taken; what it still writes fails by the rollout's generation. A lease that ends more than a minute
   * after `until` was taken before a clock was set back, and counts as over.
   */
  drive(rollout: RolloutId, holder: string, now: Instant, until: Instant): Promise<boolean>;
}
