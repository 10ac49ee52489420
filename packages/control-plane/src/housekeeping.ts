/** What happens by the clock: heartbeats are written, and what no longer matters is forgotten. */
import { type Clock, MINUTE, SECOND } from '@fairlead/shared/time';
import type { PresenceRegistry } from './fleet/presence-registry.ts';
import { NONCE_MEMORY_MS } from './http/authenticate-robot.ts';
import { REPLAY_MEMORY_MS } from './http/replay-answers.ts';
import type { Store } from './store/store.ts';

export interface HousekeepingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly presence: PresenceRegistry;
  /** Told of every attempt that failed; the next one comes anyway. */
  readonly onFailure: (cause: unknown) => void;
}

const FLUSH_EVERY_MS = 5 * SECOND;
const FORGET_EVERY_MS = MINUTE;

/** Runs until stopped; stopping writes the last heartbeats. */
export function keepHouse({ store, clock, presence, onFailure }: HousekeepingDeps): { stop(): Promise<void> } {
  const every = (ms: number, work: () => Promise<unknown>) =>
    setInterval(() => void work().catch(onFailure), ms).unref();
  const timers = [
    every(FLUSH_EVERY_MS, () => presence.flush()),
    every(FORGET_EVERY_MS, () => store.requestNonces.forgetBefore(clock.now() - NONCE_MEMORY_MS)),
    every(FORGET_EVERY_MS, () => store.idempotentReplies.forgetBefore(clock.now() - REPLAY_MEMORY_MS)),
  ];
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await presence.flush();
    },
  };
}
