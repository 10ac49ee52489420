/**
 * A deadline that moves with every step forward. Time alone does not tell a stuck robot from one on a busy machine, where
 * each step takes many times as long; a robot that lost a wake-up makes no progress at all.
 */

/** A robot that repeats the same steps for ever changes all the time: in all it may take so many times its patience. */
const MOST_PATIENCES = 10;

/**
 * `patienceMs`: how long `progress` may stay the same, milliseconds. `now`: a monotonic clock, milliseconds.
 * `isOver` is asked again and again with a text that changes with each step forward.
 */
export function progressDeadline(patienceMs: number, now: () => number): { isOver(progress: string): boolean } {
  const latest = now() + MOST_PATIENCES * patienceMs;
  let last: string | undefined;
  let deadline = latest;
  return {
    isOver(progress) {
      if (progress !== last) deadline = now() + patienceMs;
      last = progress;
      return now() > Math.min(deadline, latest);
    },
  };
}
