/** Nothing of a release that was given up stays behind that could read as "already installed". */
import { removePart } from '../../download/part-file.ts';
import { sweepComponent } from '../../releases/sweep.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const discard =
  (deps: Pick<StepDeps, 'layout' | 'folderOf'>): StepFunction =>
  async ({ journal }) => {
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readManifest(journal.candidate, 'discard');
    if (manifest.ok) await removePart(deps.layout.part(manifest.value.bundle.sha256));
    await folder.unpoint('staged');
    await sweepComponent(folder.paths);
    return { ok: true };
  };
