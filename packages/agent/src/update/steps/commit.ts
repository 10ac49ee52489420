/** Beat 14, the good end: the committed mark, written last and by one rename, makes the release ours. */
import { toTimestamp } from '@fairlead/shared/time';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const commit =
  (deps: Pick<StepDeps, 'folderOf' | 'clock'>): StepFunction =>
  async ({ journal }) => {
    const { candidate, current, deployment } = journal;
    const folder = await deps.folderOf(journal.component);
    const committedAt = toTimestamp(deps.clock.now());
    await folder.commit({ active: candidate, ...(current && { previous: current }), deployment, committedAt });
    return { ok: true };
  };
