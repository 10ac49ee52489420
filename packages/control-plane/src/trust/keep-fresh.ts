/** Re-signs what the control plane signs by itself, long before robots stop believing it. */
import { DAY, fromTimestamp, HOUR, type Instant, MINUTE } from '@fairlead/shared/time';
import { LIFETIMES_MS } from '@fairlead/shared/trust/lifetimes';
import { SnapshotMetadata, TimestampMetadata } from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import type { Store } from '../store/store.ts';
import type { OnlineSigning } from './online-signing.ts';
import { readHead } from './repository-head.ts';
import { signSnapshot, signTimestamp } from './sign-online.ts';

const TIMESTAMP_EVERY = 6 * HOUR;
const SNAPSHOT_EVERY = 3 * DAY;
/** Old versions a slow robot may still be reading are kept this long. */
const KEEP_OLD_FOR = 30 * DAY;
const LOOK_EVERY = 10 * MINUTE;

/** What must be signed again at `now`. A new snapshot always brings a new timestamp. */
export function dueFor(
  newest: { readonly snapshot: string; readonly timestamp: string },
  now: Instant,
): 'snapshot' | 'timestamp' | 'nothing' {
  const expires = fromTimestamp(parseOwn(SnapshotMetadata, newest.snapshot).signed.expires);
  if (now - (expires - LIFETIMES_MS.snapshot) >= SNAPSHOT_EVERY) return 'snapshot';
  const issued = fromTimestamp(parseOwn(TimestampMetadata, newest.timestamp).signed.x_issued);
  return now - issued >= TIMESTAMP_EVERY ? 'timestamp' : 'nothing';
}

/** Signs what is due and drops versions nobody reads any more. */
export async function refreshOnce(store: Store, signing: OnlineSigning): Promise<void> {
  const now = signing.clock.now();
  await store.transaction(async ({ metadata }) => {
    const head = await readHead(metadata);
    const snapshot = await metadata.newest('snapshot');
    const timestamp = await metadata.newest('timestamp');
    if (!head || !snapshot || !timestamp) return;
    const due = dueFor({ snapshot: snapshot.text, timestamp: timestamp.text }, now);
    if (due === 'snapshot') await signSnapshot(metadata, head, signing);
    if (due === 'timestamp') await signTimestamp(metadata, snapshot, signing);
    if (due === 'nothing') return;
    for (const role of ['snapshot', 'timestamp', 'targets', 'development', 'staging', 'production'] as const) {
      await metadata.prune(role, now - KEEP_OLD_FOR);
    }
  });
}

/** Refreshes now and then every ten minutes until stopped. `onFailure` is told of every failed attempt. */
export async function keepFresh(
  store: Store,
  signing: OnlineSigning,
  onFailure: (cause: unknown) => void,
): Promise<{ stop(): void }> {
  const attempt = () => refreshOnce(store, signing).catch(onFailure);
  await attempt();
  const timer = setInterval(() => void attempt(), LOOK_EVERY);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
