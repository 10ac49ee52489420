/**
 * How a deployment moves, as one table. It only ever moves up in rank, so a late, doubled or reordered message
 * never moves it back; only a robot that turned round right before its switch says so itself. The highest rank is the robot's own verdict: what a robot did is a fact, and a fact
 * outranks the server's wish (a cancellation that reached the robot after its switch).
 */
import type { ReportEvent } from '../trust/report.ts';
import { type DeploymentState, isTerminal, type UpdateState } from './states.ts';

interface Row {
  readonly rank: number;
  /** Nothing was switched yet: the order can still be withdrawn. */
  readonly withdrawable: boolean;
}

// biome-ignore format: the table is read by column
export const DEPLOYMENT: Readonly<Record<DeploymentState, Row>> = {
  'pending':     { rank: 0, withdrawable: true  },
  'offered':     { rank: 1, withdrawable: true  },
  'downloading': { rank: 2, withdrawable: true  },
  'staged':      { rank: 3, withdrawable: true  },
  'waiting':     { rank: 4, withdrawable: true  },
  'switching':   { rank: 5, withdrawable: false },
  'probation':   { rank: 6, withdrawable: false },
  // The server's last word…
  'cancelled':   { rank: 7, withdrawable: false },
  'timed-out':   { rank: 7, withdrawable: false },
  'quarantined': { rank: 7, withdrawable: false },
  // …and the robot's.
  'succeeded':   { rank: 8, withdrawable: false },
  'degraded':    { rank: 8, withdrawable: false },
  'failed':      { rank: 8, withdrawable: false },
  'rolled-back': { rank: 8, withdrawable: false },
  'rejected':    { rank: 8, withdrawable: false },
  'skipped':     { rank: 8, withdrawable: false },
};

/** What a robot's activity says of its deployment; undefined where it says nothing new. */
// biome-ignore format: the table is read by column
const SEEN_AS: Readonly<Record<UpdateState, DeploymentState | undefined>> = {
  'idle':         undefined,
  'downloading':  'downloading',
  'verifying':    'downloading',
  'staging':      'downloading',
  'testing':      'staged',
  'waiting':      'waiting',
  'switching':    'switching',
  'probation':    'probation',
  'committing':   'probation',
  'rolling-back': 'probation',
  'reporting':    undefined,
};

/** Moves to `to` if that is further than `from`; else stays. */
export const advance = (from: DeploymentState, to: DeploymentState): DeploymentState =>
  DEPLOYMENT[to].rank > DEPLOYMENT[from].rank ? to : from;

/** The state after a robot's report; the same state where the report tells nothing new. */
export function afterReport(state: DeploymentState, event: ReportEvent): DeploymentState {
  if (event.event === 'update-ended') return advance(state, event.outcome);
  if (event.event !== 'update-state') return state;
  // A robot that waits before it downloads (disk, window) has not staged anything yet.
  const seen = event.refusal?.phase === 'decide' ? undefined : SEEN_AS[event.state];
  // The one way back: a robot on its way to switch asks once more, is told to wait, and says so. Its reports are a
  // chain, read in order and once, so this word is newer than the one before.
  if (state === 'switching' && seen === 'waiting') return 'waiting';
  return seen === undefined ? state : advance(state, seen);
}

/** The state after a person or a newer order withdrew it; the same state where the robot has begun to switch. */
export const afterCancel = (state: DeploymentState): DeploymentState =>
  DEPLOYMENT[state].withdrawable ? 'cancelled' : state;

/** It has begun to switch and has not ended: it can't be withdrawn any more. */
export const isSwitching = (state: DeploymentState): boolean => !isTerminal(state) && !DEPLOYMENT[state].withdrawable;

/** May still turn round: what it asks right before its switch may be answered with a hold. */
export const mayBeHeld = (state: DeploymentState): boolean => DEPLOYMENT[state].withdrawable || state === 'switching';

/** The robot committed this release, and nothing has replaced it: whether it still does well is another question. */
export const isCommitted = (state: DeploymentState): boolean => state === 'succeeded' || state === 'degraded';

/** The robot runs what it was ordered, by its own report: it committed the release, or had done so before the order. */
export const isFulfilled = (state: DeploymentState): boolean => isCommitted(state) || state === 'skipped';

/**
 * Whether the robot is still told of it. What was committed stays desired; what ended otherwise is left out of the
 * assignment, so that the robot keeps what it has instead of trying again for ever.
 */
export const isOrdered = (state: DeploymentState): boolean => DEPLOYMENT[state].rank < 7 || isCommitted(state);
