/** What must hold, by name, and how often it was exercised: an invariant that no run put to the test proves nothing. */
import type { Feature } from '../world/swarm.ts';

interface Definition {
  readonly says: string;
  /** Without one of these features no run can put it to the test. */
  readonly needs?: readonly Feature[];
  /** Without all of these features no run can put it to the test. */
  readonly needsOneOf?: readonly Feature[];
}

export const INVARIANTS = {
  'approved-release': { says: 'a robot runs only what was published and ordered of it' },
  'no-switch-under-lease': { says: 'no robot switches while its application is busy', needs: ['leases'] },
  'no-switch-under-hold': { says: 'no robot switches against a hold, or unconfirmed' },
  'no-switch-outside-window': {
    says: 'no robot switches outside its own window or a maintenance window',
    needsOneOf: ['robot-windows', 'fleet-windows'],
  },
  'no-switch-while-stopped': { says: 'no robot is confirmed after a pause was acknowledged' },
  budgets: { says: 'no budget and no limit is exceeded at any instant', needs: ['budgets'] },
  'cohorts-fixed': { says: 'the robots of a stage do not change once it has begun' },
  'one-seq-one-content': { says: 'two answers of one sequence number say the same' },
  'nothing-lost': { says: 'the server has every report of every robot, once, in order' },
  'verdicts-agree': { says: 'what a robot did is what the server says it did' },
  'silence-times-out': { says: 'a robot that never answers does not hold a stage for ever' },
  'soak-watched': {
    says: 'a stage does not pass while more of its robots are degraded than may fail',
    needs: ['degrading-releases'],
  },
  'undone-gone': {
    says: 'after an undoing no robot that can be reached runs what was undone',
    needsOneOf: ['abort-revert', 'switch-back'],
  },
  'never-back-to-abandoned': {
    says: 'a rollback never returns to a release that the robot was rolled back from',
    needsOneOf: ['rollback', 'staged-rollback', 'abort-revert', 'switch-back'],
  },
  'skipped-runs-it': { says: 'a deployment is skipped only where the robot really runs its release' },
  'schedule-kept': { says: 'a scheduled rollout starts, or its author can see why not', needs: ['schedule'] },
  'superseded-covered': { says: 'a rollout is superseded only by one that takes all of its robots' },
  'explain-true': { says: 'every sentence of explain is true of the robot' },
  'unblocked-moves': { says: 'a robot that explain calls unblocked proceeds' },
  'never-forgotten': { says: 'a robot is at its order, on its way, or named as held up' },
  'stages-converge': { says: 'every rollout ends, or says why not' },
  'fleet-settles': { says: 'every robot ends with a committed release that it was given' },
} as const satisfies Record<string, Definition>;
export type Invariant = keyof typeof INVARIANTS;
export const ALL_INVARIANTS = Object.keys(INVARIANTS) as readonly Invariant[];

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;
  readonly robot: string | undefined;
  constructor(invariant: Invariant, says: string, robot?: string) {
    super(`${invariant} (${INVARIANTS[invariant].says}): ${says}`);
    this.invariant = invariant;
    this.robot = robot;
  }
}

export interface Checks {
  /** Throws a Violation where it does not hold; the first one is reported even where it is caught. */
  expect(invariant: Invariant, holds: boolean, says: () => string, robot?: string): void;
  counts(): ReadonlyMap<Invariant, number>;
}

/** `only`: of the others the run counts how often they were exercised, and judges none. */
export function createChecks(
  onViolation: (violation: Violation) => void,
  only: readonly Invariant[] = ALL_INVARIANTS,
): Checks {
  const counts = new Map<Invariant, number>();
  return {
    expect(invariant, holds, says, robot) {
      counts.set(invariant, (counts.get(invariant) ?? 0) + 1);
      if (holds || !only.includes(invariant)) return;
      const violation = new Violation(invariant, says(), robot);
      onViolation(violation);
      throw violation;
    },
    counts: () => counts,
  };
}
