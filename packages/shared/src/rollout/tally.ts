/** What became of a stage's robots, counted. Kept up to date with every change of a deployment; never recounted. */
import { DEPLOYMENT_STATES, type DeploymentState } from '../fleet/states.ts';

export interface StageTally {
  readonly states: Readonly<Partial<Record<DeploymentState, number>>>;
  /** Open, not granted, and the robot says that only our word is missing. */
  readonly ready: number;
  /** Open and granted: these may be switching, so these are what a budget counts. */
  readonly granted: number;
  /** Timed out before anything was switched: silence says nothing about the release. */
  readonly silent: number;
  /** Those that failed and whose failure a person has accepted; absent where there is none. */
  readonly accepted?: number;
}
export const NO_TALLY: StageTally = { states: {}, ready: 0, granted: 0, silent: 0 };

export interface Outcomes {
  readonly succeeded: number;
  readonly failed: number;
  /** Neither for nor against the release: withdrawn, superseded, or never heard. */
  readonly neutral: number;
  readonly open: number;
  /** Those of the neutral ones that timed out before they switched; the others were withdrawn. */
  readonly silent?: number;
}

type Kind = Exclude<keyof Outcomes, 'silent'>;

// biome-ignore format: the table is read by column
const COUNTS_AS: Readonly<Record<DeploymentState, Kind>> = {
  'pending':     'open',
  'offered':     'open',
  'downloading': 'open',
  'staged':      'open',
  'waiting':     'open',
  'switching':   'open',
  'probation':   'open',
  'succeeded':   'succeeded',
  'skipped':     'succeeded',
  'degraded':    'failed',
  'failed':      'failed',
  'rolled-back': 'failed',
  'rejected':    'failed',
  'timed-out':   'failed',
  'quarantined': 'failed',
  'cancelled':   'neutral',
};

/** Final states that a gate counts as failures; of `timed-out` only those that were granted the switch (`silent`). */
export const FAILED_STATES = DEPLOYMENT_STATES.filter((state) => COUNTS_AS[state] === 'failed');

export function outcomesOf(tally: StageTally): Outcomes {
  const outcomes = { succeeded: 0, failed: 0, neutral: 0, open: 0 };
  for (const [state, count] of Object.entries(tally.states)) outcomes[COUNTS_AS[state as DeploymentState]] += count;
  // A robot that went silent after its switch is a failure; one that was never heard is nobody's.
  return {
    ...outcomes,
    failed: outcomes.failed - tally.silent,
    neutral: outcomes.neutral + tally.silent,
    silent: tally.silent,
  };
}
