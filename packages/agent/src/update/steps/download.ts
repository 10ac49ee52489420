/** Beat 6: bring the bundle to this robot, however often the line drops. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Manifest } from '@fairlead/shared/release/manifest';
import { SECOND } from '@fairlead/shared/time';
import type { StepResult } from '@fairlead/shared/update/journey';
import { planRetry } from '@fairlead/shared/update/retry';
import { type Attempt, fetchPart } from '../../download/fetch-part.ts';
import { openPart, type PartFile, removePart } from '../../download/part-file.ts';
import { isFull } from '../../releases/disk-errors.ts';
import { reclaimFolder } from '../../releases/reclaim.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction, Update } from '../steps.ts';
import { clearDamagedCandidate } from './clear-damaged-candidate.ts';

type Deps = Pick<
  StepDeps,
  'layout' | 'folderOf' | 'blobs' | 'pace' | 'clock' | 'elapsed' | 'sleep' | 'random' | 'mayDownload'
>;
/** A captive portal may go away when somebody signs in; a blob store that lost its mind will not. */
const MOST_WRONG_ANSWERS = 10;
/** A link that changes is posted, which wakes whoever waits for it. */
const LINK_AGAIN_MS = 30 * SECOND;

export const download =
  (deps: Deps): StepFunction =>
  async (update) => {
    const { candidate, component } = update.journal;
    const folder = await deps.folderOf(component);
    const manifest = await folder.readManifest(candidate, 'download');
    if (!manifest.ok) return manifest;
    if (await clearDamagedCandidate(folder, candidate)) return { ok: true };
    await untilLinkAllows(update, deps);
    await reclaimFolder(deps.layout.downloads);
    const file = deps.layout.part(manifest.value.bundle.sha256);
    const part = await openPart(file, deps.elapsed);
    try {
      const result = await fetchWhole(part, manifest.value, deps, update);
      await part.close();
      if (!result.ok) await removePart(file);
      return result;
    } catch (error) {
      await part.close().catch(() => {});
      // A full disk gets its room back: the rest of this robot needs it more than a half download.
      if (isFull(error)) await removePart(file);
      throw error;
    }
  };

/** Asked before a download begins; one that runs is not torn off for a link that changes under it. */
async function untilLinkAllows({ journal, signal, waits, order }: Update, deps: Deps): Promise<void> {
  for (;;) {
    const news = order.news();
    const refused = await deps.mayDownload(journal.component);
    waits(refused);
    if (!refused) return;
    await deps.sleep(LINK_AGAIN_MS, AbortSignal.any([signal, news]));
    signal.throwIfAborted();
  }
}

async function fetchWhole(part: PartFile, manifest: Manifest, deps: Deps, update: Update): Promise<StepResult> {
  const { bundle } = manifest;
  const fetchDeps = { ...deps, now: () => deps.clock.now() };
  let lastByteAt = deps.elapsed();
  let [made, fruitless, wrong] = [0, 0, 0];
  for (;;) {
    const before = part.size;
    const attempt = await fetchPart(part, bundle, fetchDeps, update.signal, (size) => {
      lastByteAt = deps.elapsed();
      update.progress(size / bundle.size);
    });
    if (attempt.ended === 'complete') return { ok: true };
    made += 1;
    fruitless = part.size > before ? 1 : fruitless + 1;
    wrong = attempt.ended === 'wrong' ? wrong + 1 : 0;
    const refused = refusalOf(attempt, manifest);
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

function refusalOf(attempt: Exclude<Attempt, { ended: 'complete' }>, manifest: Manifest): Refusal {
  return {
    phase: 'download',
    component: manifest.component,
    element: manifest.bundle.sha256,
    category: attempt.category,
    detail: attempt.detail.slice(0, 1500),
    retryable: attempt.ended !== 'never',
    hint: HINTS[attempt.category] ?? 'Check the line between this robot and its control plane.',
  };
}

const HINTS: Readonly<Record<string, string>> = {
  not_found: 'The control plane does not have this bundle: publish the release again.',
  forbidden: 'The control plane does not let this robot read the bundle: is it accepted and not quarantined?',
  length: 'Somebody serves other bytes than were signed: check the blob store and what lies between.',
  encoding: 'Something between robot and server packs the bytes again: take it out of the way.',
  redirect: 'A captive portal or proxy answers in place of the server: sign in or go around it.',
};
