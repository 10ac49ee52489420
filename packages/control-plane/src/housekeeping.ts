/** What happens by the clock: heartbeats are written, what no longer matters is forgotten, and stored blobs are checked. */
import { setImmediate } from 'node:timers/promises';
import type { Sha256 } from '@fairlead/shared/ids';
import { type Clock, DAY, type Instant, MINUTE, SECOND } from '@fairlead/shared/time';
import type { FastifyBaseLogger } from 'fastify';
import type { ArtifactStore } from './artifacts/artifact-store.ts';
import { reportDamagedBlob } from './artifacts/report-damaged-blob.ts';
import { scrubForEver } from './artifacts/scrub-blobs.ts';
import type { PresenceRegistry } from './fleet/presence-registry.ts';
import { NONCE_MEMORY_MS } from './http/authenticate-robot.ts';
import { REPLAY_MEMORY_MS } from './http/replay-answers.ts';
import type { Signals } from './signals/signals.ts';
import type { Store } from './store/store.ts';

export interface HousekeepingDeps {
  readonly store: Store;
  readonly artifacts: ArtifactStore;
  readonly logger: FastifyBaseLogger;
  readonly clock: Clock;
  readonly presence: PresenceRegistry;
  readonly signals: Pick<Signals, 'changed'>;
  /** Told of every attempt that failed; the next one comes anyway. */
  readonly onFailure: (cause: unknown) => void;
}

const FLUSH_EVERY_MS = 5 * SECOND;
/** How long a resolved alarm is still listed. */
const RESOLVED_ALARM_MEMORY_MS = 30 * DAY;
const FORGET_EVERY_MS = MINUTE;

/** A second's worth at a time: whoever checks in meanwhile is served in between. */
async function forgetRequests({ requestNonces }: Store, before: Instant): Promise<void> {
  while (await requestNonces.forgetSome(before)) await setImmediate();
}

/** Runs until stopped; stopping writes the last heartbeats. */
export function keepHouse(deps: HousekeepingDeps): { stop(): Promise<void> } {
  const { store, artifacts, clock, presence, signals, onFailure } = deps;
  const every = (ms: number, work: () => Promise<unknown>) =>
    setInterval(() => void work().catch(onFailure), ms).unref();
  const flush = async () => {
    if (await presence.flush()) signals.changed('presence');
  };
  const timers = [
    // Whoever has nothing to say still listens, also where a signal got lost.
    every(FLUSH_EVERY_MS, () => flush().then(presence.refresh)),
    every(FORGET_EVERY_MS, () => forgetRequests(store, clock.now() - NONCE_MEMORY_MS)),
    every(FORGET_EVERY_MS, () => store.alarms.forgetResolved(clock.now() - RESOLVED_ALARM_MEMORY_MS)),
    every(FORGET_EVERY_MS, () => store.people.forgetEndedSessions(clock.now())),
    every(FORGET_EVERY_MS, () => store.idempotentReplies.forgetBefore(clock.now() - REPLAY_MEMORY_MS)),
  ];
  const stopped = new AbortController();
  const onDamaged = (blob: Sha256) => reportDamagedBlob(deps, blob);
  void scrubForEver({ artifacts, onDamaged, onFailure, until: stopped.signal });
  return {
    async stop() {
      stopped.abort();
      for (const timer of timers) clearInterval(timer);
      await flush();
    },
  };
}
