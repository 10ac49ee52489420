/** Nothing of a release that was given up stays behind that could read as "already installed". */
import { blobsOf } from '@fairlead/shared/release/manifest';
import { removePart } from '../../download/part-file.ts';
import { sweepComponent } from '../../releases/sweep.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const discard =
  (deps: Pick<StepDeps, 'layout' | 'folderOf'>): StepFunction =>
  async ({ journal }) => {
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readManifest(journal.candidate, 'discard');
    for (const { sha256 } of manifest.ok ? blobsOf(manifest.value) : []) await removePart(deps.layout.part(sha256));
    await folder.unpoint('staged');
    await sweepComponent(folder.paths);
    return { ok: true };
  };
