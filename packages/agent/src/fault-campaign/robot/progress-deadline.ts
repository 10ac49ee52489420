/**
 * A deadline that moves with every step forward. Time alone can't separate a stuck robot from one on a busy machine, where
 * each step takes many times as long; a robot that lost a wake-up makes no progress at all.
 */

/** A robot that repeats the same steps for ever makes progress all the time: its total time is this many timeouts. */
const MOST_TIMEOUTS = 10;

/**
 * `timeoutMs`: how long `progress` may stay the same, milliseconds. `now`: a monotonic clock, milliseconds.
 * `isOver` is asked again and again with a text that changes with each step forward.
 */
export function progressDeadline(timeoutMs: number, now: () => number): { isOver(progress: string): boolean } {
  const latest = now() + MOST_TIMEOUTS * timeoutMs;
  let last: string | undefined;
  let deadline = latest;
  return {
    isOver(progress) {
      if (progress !== last) deadline = now() + timeoutMs;
      last = progress;
      return now() > Math.min(deadline, latest);
    },
  };
}
