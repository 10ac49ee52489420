/** How long to pause. Random parts keep a fleet from speaking in chorus after an outage. */
import { ProblemError } from '@fairlead/shared/api/client';
import { MINUTE, SECOND } from '@fairlead/shared/time';

/** A number in [0, 1). */
export type Random = () => number;

const FIRST_PAUSE = SECOND;
const LONGEST_PAUSE = 5 * MINUTE;

/** After success: what was agreed, in milliseconds. */
export const regularPause = (next: { intervalSec: number; jitterSec: number }, random: Random): number =>
  (next.intervalSec + random() * next.jitterSec) * SECOND;

/**
 * After the `failures`-th failure in a row (from 1), milliseconds: exponential with full jitter up to five
 * minutes, never less than the server asked for. There is no budget: a robot never stops asking.
 */
export function pauseAfterFailure(failures: number, error: unknown, random: Random): number {
  const asked = error instanceof ProblemError ? (error.retryAfterSec ?? 0) * SECOND : 0;
  const ceiling = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 20));
  return Math.min(asked, LONGEST_PAUSE) + random() * ceiling;
}
