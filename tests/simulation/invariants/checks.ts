/** What must hold, by name, and how often it was looked at: an invariant that nobody checked proves nothing. */
export const INVARIANTS = {
  'approved-release': 'no robot runs what was not published and ordered of it',
  'no-switch-under-lease': 'nobody switches while its application is busy',
  'no-switch-under-hold': 'nobody switches against a hold, or unconfirmed',
  'no-switch-outside-window': 'nobody switches outside its windows',
  'no-switch-while-stopped': 'nobody is confirmed after a pause was acknowledged',
  budgets: 'no budget and no limit is exceeded at any instant',
  'cohorts-fixed': 'who belongs to a stage does not change once it has begun',
  'one-seq-one-content': 'two answers of one sequence number say the same',
  'nothing-lost': 'the server has every report of every robot, once, in order',
  'verdicts-agree': 'what a robot did is what the server says it did',
  'silence-times-out': 'a robot that never answers does not hold a stage for ever',
  'explain-true': 'what explain gives as the reason is so',
  'unblocked-moves': 'a robot that is said to be unblocked gets on',
  'stages-converge': 'every rollout ends, or says why not',
  'fleet-settles': 'every robot ends with a committed release that it was given',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;
  readonly robot: string | undefined;
  constructor(invariant: Invariant, says: string, robot?: string) {
    super(`${invariant} (${INVARIANTS[invariant]}): ${says}`);
    this.invariant = invariant;
    this.robot = robot;
  }
}

export interface Checks {
  /** Throws a Violation where it does not hold; whoever catches it, the first one was told. */
  expect(invariant: Invariant, holds: boolean, says: () => string, robot?: string): void;
  counts(): ReadonlyMap<Invariant, number>;
}

export function createChecks(onViolation: (violation: Violation) => void): Checks {
  const counts = new Map<Invariant, number>();
  return {
    expect(invariant, holds, says, robot) {
      counts.set(invariant, (counts.get(invariant) ?? 0) + 1);
      if (holds) return;
      const violation = new Violation(invariant, says(), robot);
      onViolation(violation);
      throw violation;
    },
    counts: () => counts,
  };
}
