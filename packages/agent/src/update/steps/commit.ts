/** Beat 14, the good end: the committed mark, written last and by one rename, makes the release ours. */
import { toTimestamp } from '@fairlead/shared/time';
import { isRepair } from '../repair.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const commit =
  (deps: Pick<StepDeps, 'folderOf' | 'clock'>): StepFunction =>
  async ({ journal }) => {
    const { candidate, current, deployment } = journal;
    const folder = await deps.folderOf(journal.component);
    const committedAt = toTimestamp(deps.clock.now());
    const previous = isRepair(journal) ? (await folder.committed())?.previous : current;
    await folder.commit({ active: candidate, ...(previous && { previous }), deployment, committedAt });
    // It was ordered again and proved itself: a later rollback may return to it.
    const abandoned = await folder.abandoned();
    if (abandoned.includes(candidate.manifestSha256)) {
      await folder.saveAbandoned(abandoned.filter((sha256) => sha256 !== candidate.manifestSha256)).catch(() => {});
    }
    return { ok: true };
  };
