/**
 * The two documents the control plane signs by itself: `snapshot` lists what is newest, `timestamp` proves that
 * the list is fresh. Both are stored in the caller's transaction, so a robot sees a new release and the
 * signatures that vouch for it at once, or neither.
 */
import { Failure } from '@fairlead/shared/failure';
import { RootMetadata, TimestampMetadata } from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { makeSnapshot, makeTimestamp, type RepositoryHead } from '@fairlead/shared/trust/repository';
import type { MetadataSlice, StoredMetadata } from '../store/metadata.ts';
import type { OnlineKeys } from './online-keys.ts';
import type { OnlineSigning } from './online-signing.ts';

export interface OnlineVersions {
  readonly snapshot: number;
  readonly timestamp: number;
}

/** Signs a new snapshot of `head` and a timestamp for it, both with versions above those of `above`. */
export async function signSnapshot(
  metadata: MetadataSlice,
  head: RepositoryHead,
  { keys, clock }: OnlineSigning,
  above: OnlineVersions = { snapshot: 0, timestamp: 0 },
): Promise<OnlineVersions> {
  await refuseStrangerKeys(metadata, keys);
  const now = clock.now();
  const version = Math.max((await metadata.newest('snapshot'))?.version ?? 0, above.snapshot) + 1;
  const text = makeSnapshot({ version, head, now, signer: keys.snapshot });
  await metadata.add({ role: 'snapshot', version, text }, now);
  return signTimestamp(metadata, { version, text }, { keys, clock }, above.timestamp);
}

/** Signs a new timestamp for a snapshot that is stored already. */
export async function signTimestamp(
  metadata: MetadataSlice,
  snapshot: { readonly version: number; readonly text: string },
  { keys, clock }: OnlineSigning,
  above = 0,
): Promise<OnlineVersions> {
  await refuseStrangerKeys(metadata, keys);
  const now = clock.now();
  const version = Math.max((await metadata.newest('timestamp'))?.version ?? 0, above) + 1;
  const text = makeTimestamp({
    version,
    snapshot: snapshot.text,
    snapshotVersion: snapshot.version,
    now,
    signer: keys.timestamp,
  });
  await metadata.add({ role: 'timestamp', version, text }, now);
  return { snapshot: snapshot.version, timestamp: version };
}

/** The online roles that the newest root gives to other keys than ours: a key folder that was lost or mixed up. */
export async function strangerKeys(metadata: MetadataSlice, keys: OnlineKeys): Promise<readonly string[]> {
  const root = await metadata.newest('root');
  if (!root) return [];
  const { roles } = parseOwn(RootMetadata, root.text).signed;
  return (['snapshot', 'timestamp'] as const).filter((role) => !roles[role].keyids.includes(keys[role].keyid));
}

/** What a stranger's key signs every robot refuses: better old metadata with time left than new that nobody believes. */
async function refuseStrangerKeys(metadata: MetadataSlice, keys: OnlineKeys): Promise<void> {
  const strangers = await strangerKeys(metadata, keys);
  if (strangers.length === 0) return;
  throw new Failure({
    phase: 'sign',
    element: 'online keys',
    category: 'wrong_key',
    detail: `The root names another ${strangers.join(' and ')} key than the one in the key folder.`,
    retryable: false,
    hint: 'Restore the key folder of this control plane from its backup, or rotate the root.',
  });
}

/** The versions that stand in the newest timestamp; zeros before the trust is initialised. */
export async function onlineVersions(metadata: MetadataSlice): Promise<OnlineVersions> {
  const newest = await metadata.newest('timestamp');
  return newest ? readVersions(newest) : { snapshot: 0, timestamp: 0 };
}

/** Every answer to a check-in names them: read once from each document that the store hands out. */
const versionsIn = new WeakMap<StoredMetadata, OnlineVersions>();
function readVersions(newest: StoredMetadata): OnlineVersions {
  const known = versionsIn.get(newest);
  if (known) return known;
  const { signed } = parseOwn(TimestampMetadata, newest.text);
  const versions = { snapshot: signed.meta['snapshot.json'].version, timestamp: newest.version };
  versionsIn.set(newest, versions);
  return versions;
}
