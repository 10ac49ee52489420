/**
 * Reads every stored blob again at a low rate, so that a disk that loses bytes is found before a robot needs them. A damaged
 * blob is set aside: no robot downloads it any more, and publishing the same file again heals it.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Sha256 } from '@fairlead/shared/ids';
import { DAY, MINUTE, SECOND } from '@fairlead/shared/time';
import type { ArtifactStore } from './artifact-store.ts';

/** Bytes per second: a terabyte takes a day and a half, and robots that download hardly notice. */
const RATE = 8 * 1024 * 1024;
const FIRST_AFTER_MS = 10 * MINUTE;
const REST_MS = DAY;

export interface ScrubOptions {
  readonly artifacts: ArtifactStore;
  /** Called once for each blob that was found damaged and set aside. */
  readonly onDamaged: (blob: Sha256) => Promise<void>;
  readonly onFailure: (cause: unknown) => void;
  readonly until: AbortSignal;
}

/** Passes over all blobs, one a day, until stopped. */
export async function scrubForEver(options: ScrubOptions): Promise<void> {
  const { until, onFailure } = options;
  const wait = (ms: number) => pause(ms, undefined, { signal: until, ref: false }).catch(() => undefined);
  const pace = (bytes: number) => wait((bytes * SECOND) / RATE);
  await wait(FIRST_AFTER_MS);
  while (!until.aborted) {
    await scrubOnce({ ...options, pace }).catch(onFailure);
    await wait(REST_MS);
  }
}

/** One pass. It begins anywhere: a control plane that restarts every day reaches all blobs as well. `pace`: called after each read. */
export async function scrubOnce({
  artifacts,
  onDamaged,
  until,
  pace,
}: Pick<ScrubOptions, 'artifacts' | 'onDamaged' | 'until'> & {
  readonly pace: (bytes: number) => Promise<unknown>;
}): Promise<void> {
  const blobs = await artifacts.blobs();
  const first = blobs.length === 0 ? 0 : randomInt(blobs.length);
  for (const blob of [...blobs.slice(first), ...blobs.slice(0, first)]) {
    if (until.aborted) return;
    const found = await artifacts.verify(blob, async (bytes) => {
      await pace(bytes);
      return !until.aborted;
    });
    if (found === 'damaged') await onDamaged(blob);
  }
}
