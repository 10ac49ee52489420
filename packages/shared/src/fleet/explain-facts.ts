/** What `fairlead explain ROBOT` is decided from, and what one of its rules finds. */
import type { Refusal } from '../failure.ts';
import type { ComponentName, DeploymentId, RobotId, RolloutId } from '../ids.ts';
import type { Instant } from '../time.ts';
import type { ComparedOrder } from './measured.ts';
import type { Activity, ComponentState } from './robot-facts.ts';
import type { Lifecycle, Presence } from './states.ts';

/** What the robot should run, one entry per component, with how far that has come. */
export interface Order extends ComparedOrder {
  readonly deployment: DeploymentId;
  /** A rollback has a sentence of its own where the robot can't be reached. */
  readonly kind?: 'deploy' | 'rollback';
  readonly refusal?: Refusal;
  /** Why a difference between this order and what the robot reports is not repaired by another order. */
  readonly notRepaired?: Refusal;
}
export interface ExplainFacts {
  readonly robot: RobotId;
  readonly now: Instant;
  readonly lifecycle: Lifecycle;
  readonly presence: Presence;
  readonly lastSeen?: Instant;
  readonly quarantined?: Refusal;
  /** Whether the control plane has a trusted root, so that anything can be assigned at all. */
  readonly trustInitialised: boolean;
  readonly orders: readonly Order[];
  /** From the last check-in. */
  readonly activity?: Activity;
  /** What the robot reports to run, from its last check-in or report. */
  readonly components?: readonly ComponentState[];
  /** What rollouts that have not ended say of this robot, the most important first. */
  readonly rollouts?: readonly RolloutWord[];
}

/** A rollout's word on one robot, as its engine decides it. */
export interface RolloutWord {
  readonly rollout: RolloutId;
  readonly component: ComponentName;
  /**
   * `held`: it has its order and may not switch. `turn`: its turn has not come. `left-out`: it takes no part.
   */
  readonly is: 'held' | 'turn' | 'left-out';
  readonly why: Refusal;
}

/** What one rule finds; undefined where it does not apply. `unblock` present means blocked. */
export interface Finding {
  readonly says: string;
  readonly unblock?: string;
  readonly component?: ComponentName;
  readonly refusal?: Refusal;
}
export type Rule = (facts: ExplainFacts) => Finding | undefined;
