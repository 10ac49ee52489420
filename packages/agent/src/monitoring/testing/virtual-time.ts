/** Time that passes only when a test lets it pass; sleepers wake in order. */
import { setImmediate as turn } from 'node:timers/promises';

export interface VirtualTime {
  readonly elapsed: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Lets `ms` pass, and everything that is due in it happen. */
  pass(ms: number): Promise<void>;
  /** How many sleep. */
  sleeping(): number;
}

export function virtualTime(): VirtualTime {
  let now = 0;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  /** Work that waits for the disk takes real time, but a short one. */
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 5; turns += 1) await turn();
  };
  return {
    elapsed: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { at: now + ms, wake: () => finish() };
        const finish = (): void => {
          signal?.removeEventListener('abort', finish);
          sleepers.delete(sleeper);
          resolve();
        };
        signal?.addEventListener('abort', finish, { once: true });
        sleepers.add(sleeper);
      }),
    async pass(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const [next] = [...sleepers].filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at);
        if (!next) break;
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = end;
    },
    sleeping: () => sleepers.size,
  };
}
