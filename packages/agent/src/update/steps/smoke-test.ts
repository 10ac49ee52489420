/** Beat 9: the new release proves itself in the staged tree, in a child process, while the old one still runs. */
import { stagedFolder } from '../repair.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const smokeTest =
  (deps: Pick<StepDeps, 'folderOf' | 'runSmokeTests'>): StepFunction =>
  async ({ journal, signal, progress }) => {
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readWithFiles(journal.candidate, 'smoke-test');
    if (!manifest.ok) return manifest;
    const tested = await deps.runSmokeTests({
      folder: await stagedFolder(journal, folder),
      manifest: manifest.value,
      phase: 'smoke-test',
      signal,
      onProgress: ({ done, total }) => progress(total === 0 ? 1 : done / total),
    });
    return tested.ok ? { ok: true } : tested;
  };
