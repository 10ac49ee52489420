/** What the slices of a rollout share. */
import type { Role } from '@fairlead/shared/api/route';
import type { Refusal } from '@fairlead/shared/failure';
import type { EnvironmentName, RobotId, RolloutId } from '@fairlead/shared/ids';
import type { WindowWord } from '@fairlead/shared/rollout/hold';
import type { FailurePolicy } from '@fairlead/shared/rollout/rollout-spec';
import type { Instant } from '@fairlead/shared/time';
import type { AssignDeps } from '../assign/deploy.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';
import type { SoakWatcher } from './watch-soak.ts';

/** What the fleet's operators have laid down, as of now. */
export interface FleetRules {
  /** Robots of the whole fleet that may download, stage and test at once. */
  readonly maxStaging: number;
  windowOf(robot: RobotRecord, now: Instant): WindowWord;
  /**
   * Of `candidates`, in their order, those that may begin to switch beside the robots that do already; the others
   * with the budget that is full.
   */
  pick(candidates: readonly RobotRecord[], unavailable: readonly RobotRecord[]): Picked;
  environment(environment: EnvironmentName): {
    /** People besides the author. */
    readonly approvals: number;
    readonly approvalTtlSec: number;
    readonly onFailure: FailurePolicy;
    readonly approverRole: Role;
    readonly breakGlassRole: Role;
    /** Several robots change only by a rollout. */
    readonly staged: boolean;
  };
}
export interface Picked {
  readonly picked: readonly RobotId[];
  readonly refused: ReadonlyMap<RobotId, Refusal>;
}

export interface RolloutDeps extends AssignDeps {
  readonly newRolloutId: () => RolloutId;
  readonly rules: () => FleetRules;
  /** What a robot said of this metric in its last check-in; undefined where it never did, or long ago. */
  readonly metricOf: (robot: RobotId, metric: string) => number | undefined;
  /** When a robot last checked in; undefined where it never did. Milliseconds since 1970. */
  readonly lastSeen: (robot: RobotId) => Instant | undefined;
  readonly soak: SoakWatcher;
  /** When this process began to receive check-ins. Milliseconds since 1970. */
  readonly startedAt: Instant;
  /** Lets the engine look at once. */
  readonly poke: (rollout: RolloutId) => void;
  /** Kept for good, where nobody can change it; in the caller's transaction. */
  readonly audit: (slices: Slices, entry: AuditWord) => Promise<void>;
}
export interface AuditWord {
  readonly by: string;
  readonly action: string;
  readonly element: string;
  readonly detail: string;
  readonly reason?: string | undefined;
  /** Every operator is told. */
  readonly loud: boolean;
  readonly at: Instant;
}
