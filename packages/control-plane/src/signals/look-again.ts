/** Looks once more for each signal, one look at a time: what changes during a look is seen by the next. */
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_AFTER_FAILURE_MS = 1_000;

export interface LookAgainOptions {
  /** Told of every look that failed; the next one comes anyway. */
  readonly onFailure: (cause: unknown) => void;
  /** Ends the looking. */
  readonly until: AbortSignal;
}

/** What it answers never rejects: a look that failed is tried again. */
export function lookAgain(look: () => Promise<void>, { onFailure, until }: LookAgainOptions): () => void {
  let looking = false;
  let wanted = false;
  const run = async () => {
    looking = true;
    while (wanted && !until.aborted) {
      wanted = false;
      try {
        await look();
      } catch (cause) {
        if (until.aborted) break;
        onFailure(cause);
        wanted = true;
        await sleep(PAUSE_AFTER_FAILURE_MS, undefined, { ref: false });
      }
    }
    looking = false;
  };
  return () => {
    wanted = true;
    if (!looking) void run();
  };
}
