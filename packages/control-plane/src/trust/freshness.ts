/**
 * How long the signed metadata may still be believed. Expired metadata is the most likely self-made outage
 * (TRUST 4.4): every role has a margin in which a person can still act.
 */
import { ENVIRONMENTS } from '@fairlead/shared/ids';
import { fromTimestamp, HOUR, type Instant } from '@fairlead/shared/time';
import { ALARM_MARGINS_MS } from '@fairlead/shared/trust/lifetimes';
import { RootMetadata, SnapshotMetadata, TargetsMetadata, TimestampMetadata } from '@fairlead/shared/trust/metadata';
import { DIRECTOR_TARGET } from '@fairlead/shared/trust/names';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { DirectorKeys } from '@fairlead/shared/trust/targets';
import type { MetadataRole, MetadataSlice } from '../store/metadata.ts';

export interface Expiry {
  readonly role: MetadataRole | 'director';
  readonly expiresAt: Instant;
}

/** When each signed document ends; empty before the trust is initialised. */
export async function readExpiries(metadata: MetadataSlice): Promise<readonly Expiry[]> {
  const found: Expiry[] = [];
  const read = async (role: MetadataRole, expiresIn: (text: string) => string) => {
    const newest = await metadata.newest(role);
    if (newest) found.push({ role, expiresAt: fromTimestamp(expiresIn(newest.text)) });
  };
  await read('root', (text) => parseOwn(RootMetadata, text).signed.expires);
  await read('snapshot', (text) => parseOwn(SnapshotMetadata, text).signed.expires);
  await read('timestamp', (text) => parseOwn(TimestampMetadata, text).signed.expires);
  for (const role of ['targets', ...ENVIRONMENTS] as const) {
    await read(role, (text) => parseOwn(TargetsMetadata, text).signed.expires);
  }
  const director = await readDirectorKeys(metadata);
  const last = director?.keys.map(({ expires }) => fromTimestamp(expires));
  return last ? [...found, { role: 'director', expiresAt: Math.max(...last) }] : found;
}

/** The director's public keys as the offline targets role signed them. */
export async function readDirectorKeys(metadata: MetadataSlice): Promise<DirectorKeys | undefined> {
  const targets = await metadata.newest('targets');
  const entry = targets && parseOwn(TargetsMetadata, targets.text).signed.targets[DIRECTOR_TARGET];
  const text = entry && (await metadata.target(DIRECTOR_TARGET, entry.hashes.sha256));
  return text === undefined ? undefined : parseOwn(DirectorKeys, text);
}

/** What is too close to its end, most urgent first, each as one clause with its figure. */
export function sayStale(expiries: readonly Expiry[], now: Instant): readonly string[] {
  return expiries
    .map(({ role, expiresAt }) => ({ role, left: expiresAt - now }))
    .filter(({ role, left }) => left < ALARM_MARGINS_MS[role])
    .sort((a, b) => a.left - b.left)
    .map(({ role, left }) => (left <= 0 ? `${role} has expired` : `${role} expires in ${Math.floor(left / HOUR)} h`));
}
