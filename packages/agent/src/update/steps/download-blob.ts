/** One blob of a release, however often the line drops: kept as a part that the next attempt, or the next start, resumes. */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName, Sha256 } from '@fairlead/shared/ids';
import type { StepResult } from '@fairlead/shared/update/journey';
import { planRetry } from '@fairlead/shared/update/retry';
import { type Attempt, fetchPart } from '../../download/fetch-part.ts';
import { openPart, type PartFile, removePart } from '../../download/part-file.ts';
import { isFull } from '../../releases/disk-errors.ts';
import type { StepDeps } from '../step-deps.ts';
import type { Update } from '../steps.ts';

type Deps = Pick<StepDeps, 'layout' | 'blobs' | 'pace' | 'clock' | 'elapsed' | 'sleep' | 'random'>;
export interface WantedBlob {
  readonly sha256: Sha256;
  readonly size: number;
}
/** A captive portal may go away when somebody signs in; a blob store that lost its mind will not. */
const MOST_WRONG_ANSWERS = 10;

/**
 * Ends well with all bytes in the part of this digest: what they are is for the caller to check. `onProgress`: 0 to 1. Rejects
 * where the disk fails or the update was stopped.
 */
export async function downloadBlob(
  blob: WantedBlob,
  deps: Deps,
  update: Update,
  onProgress: (share: number) => void,
): Promise<StepResult> {
  const file = deps.layout.part(blob.sha256);
  const part = await openPart(file, deps.elapsed);
  try {
    const result = await fetchWhole(part, blob, deps, update, onProgress);
    await part.close();
    if (!result.ok) await removePart(file);
    return result;
  } catch (error) {
    await part.close().catch(() => {});
    // A full disk gets its room back: the rest of this robot needs it more than a half download.
    if (isFull(error)) await removePart(file);
    throw error;
  }
}

async function fetchWhole(
  part: PartFile,
  blob: WantedBlob,
  deps: Deps,
  update: Update,
  onProgress: (share: number) => void,
): Promise<StepResult> {
  const fetchDeps = { ...deps, now: () => deps.clock.now() };
  let lastByteAt = deps.elapsed();
  let [made, fruitless, wrong] = [0, 0, 0];
  for (;;) {
    const before = part.size;
    const attempt = await fetchPart(part, blob, fetchDeps, update.signal, (size) => {
      lastByteAt = deps.elapsed();
      onProgress(size / blob.size);
    });
    if (attempt.ended === 'complete') return { ok: true };
    made += 1;
    fruitless = part.size > before ? 1 : fruitless + 1;
    wrong = attempt.ended === 'wrong' ? wrong + 1 : 0;
    const refused = refusalOf(attempt, blob, update.journal.component);
    if (attempt.ended === 'never' || wrong >= MOST_WRONG_ANSWERS) return { ok: false, refused };
    const fruitlessMs = deps.elapsed() - lastByteAt;
    const retry = planRetry({ made, fruitless, fruitlessMs }, deps.random(), attempt.retryAfterMs);
    if (!retry.again) {
      const detail = `${refused.detail} Given up: ${retry.why}.`;
      return { ok: false, refused: { ...refused, category: 'out_of_retries', detail } };
    }
    update.waits(refused);
    await deps.sleep(retry.inMs, update.signal);
    update.signal.throwIfAborted();
    update.waits(undefined);
  }
}

function refusalOf(
  attempt: Exclude<Attempt, { ended: 'complete' }>,
  { sha256 }: WantedBlob,
  component: ComponentName,
): Refusal {
  return {
    phase: 'download',
    component,
    element: sha256,
    category: attempt.category,
    detail: attempt.detail.slice(0, 1500),
    retryable: attempt.ended !== 'never',
    hint: HINTS[attempt.category] ?? 'Check the line between this robot and its control plane.',
  };
}

const HINTS: Readonly<Record<string, string>> = {
  not_found: 'The control plane does not have these bytes: publish the release again.',
  forbidden: 'The control plane does not let this robot read them: is it accepted and not quarantined?',
  length: 'Somebody serves other bytes than were signed: check the blob store and what lies between.',
  encoding: 'Something between robot and server packs the bytes again: take it out of the way.',
  redirect: 'A captive portal or proxy answers in place of the server: sign in or go around it.',
};
