/** Wakes whoever waits: a check-in that sits in its long-poll, a deliverer that has nothing to deliver. */
import { setTimeout as pause } from 'node:timers/promises';
import { timerMs } from '@fairlead/shared/time';

export interface Bell {
  ring(): void;
  /** Aborts at the next ring. */
  listen(): AbortSignal;
}

export function createBell(): Bell {
  let next = new AbortController();
  return {
    ring() {
      const rung = next;
      next = new AbortController();
      rung.abort();
    },
    listen: () => next.signal,
  };
}

/** Rings `ms` after the first of several calls, once for all of them. */
export function ringAfter(bell: Pick<Bell, 'ring'>, ms: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      bell.ring();
    }, timerMs(ms)).unref();
  };
}

/** Resolves after `ms`, or as soon as one of the signals aborts. */
export async function pauseUnless(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  const signal = AbortSignal.any([...signals]);
  await pause(timerMs(ms), undefined, { signal }).catch(() => undefined);
}
