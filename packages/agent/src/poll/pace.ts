/** How long to pause. Random parts keep a fleet from speaking in chorus after an outage. */
import { ProblemError } from '@fairlead/shared/api/client';
import { LONGEST_BACKOFF_MS, LONGEST_PAUSE_SEC, SLOWEST_PACE } from '@fairlead/shared/fleet/settings';
import { SECOND } from '@fairlead/shared/time';
import { LONGEST_RETRY_AFTER } from '@fairlead/shared/update/retry';
import { sayDiskError } from '../releases/disk-errors.ts';

/** A number in [0, 1). */
export type Random = () => number;

/** What the control plane asks for, or agent.yaml overrides. */
export interface AgreedPace {
  readonly intervalSec: number;
  readonly jitterSec: number;
  /** How long the next check-in may wait for news; 0 turns long-poll off. */
  readonly waitSec: number;
}

/**
 * The pace that an answer asks for, with a pause of at most an hour. An older control plane does not sign the pace, and one
 * wrong answer must neither silence a robot for long nor make it ask a thousand times a second (a timer of 25 days ends at
 * once). The random part comes first: a fleet that was told the same must not come back at the same moment.
 */
export function believablePace({ intervalSec, jitterSec, waitSec }: AgreedPace): AgreedPace {
  const jitter = Math.min(jitterSec, LONGEST_PAUSE_SEC - 1);
  return {
    intervalSec: Math.min(intervalSec, LONGEST_PAUSE_SEC - jitter),
    jitterSec: jitter,
    waitSec: Math.min(waitSec, SLOWEST_PACE.longPollSec),
  };
}

const FIRST_PAUSE = SECOND;
const BETWEEN_LONG_POLLS = SECOND / 2;

/**
 * Milliseconds after a good check-in. With long-poll the waiting happens on the server, so the robot asks again
 * at once and an order reaches it within a second. `earlyAnswers` counts answers in a row that came early and
 * brought nothing new: a server that never lets the robot wait is asked at the agreed interval.
 */
export function pauseAfterAnswer(agreed: AgreedPace, earlyAnswers: number, random: Random): number {
  const interval = (agreed.intervalSec + random() * agreed.jitterSec) * SECOND;
  if (agreed.waitSec === 0) return interval;
  if (earlyAnswers === 0) return random() * BETWEEN_LONG_POLLS;
  return Math.min(interval, BETWEEN_LONG_POLLS * 2 ** Math.min(earlyAnswers, 20));
}

/**
 * After the `failures`-th failure in a row (from 1), milliseconds: exponential with full jitter up to five
 * minutes, never less than the server asked for (an hour at most). There is no budget: a robot never stops asking.
 */
export function pauseAfterFailure(failures: number, error: unknown, random: Random): number {
  // Our own disk is no burden of the server, and a robot should be back soon after somebody made room.
  if (sayDiskError(error)) return FIRST_PAUSE * 5 * (1 + random());
  const asked = error instanceof ProblemError ? (error.retryAfterSec ?? 0) * SECOND : 0;
  const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_PAUSE * 2 ** Math.min(failures, 20));
  return Math.min(asked, LONGEST_RETRY_AFTER) + random() * ceiling;
}
