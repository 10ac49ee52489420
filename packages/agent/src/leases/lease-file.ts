/**
 * The leases on disk. A file that can't be read may have held any lease, so the robot counts as busy until a person
 * has looked; the file that follows records this, and a restart does not forget it.
 */
import { copyFile, readFile } from 'node:fs/promises';
import type { Refusal } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { type Instant, SECOND, toTimestamp } from '@fairlead/shared/time';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { type KeptLease, type Lease, LeaseFile } from './lease.ts';

/** The owner of the lease that stands for all leases of a damaged file; no program may take it. */
export const DAMAGED_FILE_OWNER = 'damaged-lease-file';
/** Shown as what is left of it; it does not expire. */
const DAY_SEC = 86_400;

export interface ReadLeases {
  readonly leases: readonly KeptLease[];
  readonly damagedSince?: string;
  /** Why the file can't be read; only where the damage was found just now. */
  readonly damage?: string;
}

/** Never rejects. A damaged file is copied beside itself for people, and replaced only by the next `writeLeases`. */
export async function readLeases(file: string, now: Instant): Promise<ReadLeases> {
  const at = toTimestamp(now);
  const damaged = (damage: string): ReadLeases => ({ leases: [], damagedSince: at, damage });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    return isMissing(error) ? { leases: [] } : damaged(error instanceof Error ? error.message : String(error));
  }
  const json = parseStrictJson(bytes, { floats: true });
  const parsed = json.ok ? parse(LeaseFile, json.value) : undefined;
  if (parsed?.ok) return parsed.value;
  await copyFile(file, `${file}.bad-${at.replaceAll(':', '')}`).catch(() => undefined);
  return damaged('its content is not what this agent writes');
}

/** Resolves once durable. */
export function writeLeases(
  file: string,
  leases: readonly KeptLease[],
  damagedSince: string | undefined,
): Promise<void> {
  const content: LeaseFile = {
    schema: 'fairlead.leases.v1',
    leases: [...leases],
    ...(damagedSince && { damagedSince }),
  };
  return writeDurably(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

/** What people and programs see of a damaged file. */
export const damagedFileLease = (since: Instant, now: Instant): Lease => ({
  owner: DAMAGED_FILE_OWNER,
  reason: 'the file of the busy leases is damaged; this robot counts as busy until a person has looked',
  expiresAt: toTimestamp(now + DAY_SEC * SECOND),
  ageSec: Math.max(0, Math.floor((now - since) / SECOND)),
  remainingSec: DAY_SEC,
});

export const damagedFileAlarm = (why: string): Refusal => ({
  phase: 'wait',
  element: DAMAGED_FILE_OWNER,
  category: 'bad_leases',
  detail: `The busy leases of this robot can't be read (${why}), so it counts as busy and switches nothing.`,
  retryable: true,
  hint: `Make sure that no program on the robot is busy, then run \`fairlead-agent lease release ${DAMAGED_FILE_OWNER}\` on it.`,
});
