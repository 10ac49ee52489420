/**
 * Whether the agent does its work, as its loops themselves say: each promises its next sign of life before it waits
 * for anything. A process that is alive and a timer that fires prove nothing (DESIGN 7.2); a promise that was not kept
 * stops the feeding of the service manager's watchdog, which then starts the agent again.
 */

/** `update`: the update under way. Absent from the pulse while there is none. */
export type Loop = 'check-in' | 'deliver' | 'update';

/** One turn of a loop that asks the server: several exchanges over the slowest line that an agent still works on. */
export const TURN_MS = 10 * 60_000;
/** Longest silence of an update: the longest time limit that a release may ask for (one hour), and as long again for the disk. */
export const STEP_MS = 2 * 3_600_000;

export interface Pulse {
  /** Something of this loop's work has just been done; the next sign comes within `ms`. */
  promise(loop: Loop, ms: number): void;
  /** The loop has nothing to do and promises nothing. */
  rest(loop: Loop): void;
  /** Loops that broke their promise. */
  overdue(): readonly Loop[];
  /** Whether a loop has given any sign yet. */
  hasBegun(loop: Loop): boolean;
}

/** `monotonic`: milliseconds; the clock of the robot may jump. */
export function createPulse(monotonic: () => number): Pulse {
  const due = new Map<Loop, number>();
  return {
    promise: (loop, ms) => void due.set(loop, monotonic() + ms),
    rest: (loop) => void due.delete(loop),
    overdue: () => [...due].flatMap(([loop, at]) => (monotonic() > at ? [loop] : [])),
    hasBegun: (loop) => due.has(loop),
  };
}
