/** Waiting for the world: asks again and again until there is an answer, and says what was missing when there is none. */
import { setTimeout as pause } from 'node:timers/promises';

export interface Patience {
  /** Default 30 000. */
  readonly timeoutMs?: number;
  /** Default 100. */
  readonly everyMs?: number;
}

/** Thrown by `ask` where waiting longer cannot help. */
export class GiveUp extends Error {}

/**
 * Resolves with the first answer that is not undefined; an exception of `ask` counts as "not yet".
 * @throws Error naming `what` and the last reason after `timeoutMs`.
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  { timeoutMs = 30_000, everyMs = 100 }: Patience = {},
): Promise<T> {
  const until = performance.now() + timeoutMs;
  let reason = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (error instanceof GiveUp) throw error;
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() > until) throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}${reason}`);
    await pause(everyMs);
  }
}
