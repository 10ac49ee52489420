/** One run of a robot's agent, from boot to power cut. What a dead life waited for never comes. */
import type { Agenda } from '../world/agenda.ts';

export interface Bell {
  ring(): void;
  /** Resolves at the next ring. */
  readonly rung: () => Promise<void>;
}
export interface Life {
  readonly isOver: () => boolean;
  end(): void;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** What this life gets to see of work that may outlast it. */
  bound<T>(work: Promise<T>): Promise<T>;
}

export function beginLife(agenda: Agenda): Life {
  let over = false;
  return {
    isOver: () => over,
    end: () => {
      over = true;
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          signal?.removeEventListener('abort', wake);
          if (!over) resolve();
        };
        agenda.plan(agenda.now() + Math.max(0, ms), wake);
        if (signal?.aborted) wake();
        signal?.addEventListener('abort', wake);
      }),
    bound: (work) =>
      new Promise((resolve, reject) => {
        work.then(
          (value) => {
            if (!over) resolve(value);
          },
          (error: unknown) => {
            if (!over) reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      }),
  };
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>();
  return {
    rung: () => next.promise,
    ring() {
      const { resolve } = next;
      next = Promise.withResolvers();
      resolve();
    },
  };
}
