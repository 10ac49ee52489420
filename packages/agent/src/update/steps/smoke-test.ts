/** Beat 9: the new release proves itself in the staged tree, in a child process, while the old one still runs. */
import { MINUTE } from '@fairlead/shared/time';
import { stagedFolder } from '../repair.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

/** A robot that was too busy to test a model tests it again after each of these pauses, then gives the update up. */
const PAUSES = [MINUTE, 5 * MINUTE];

export const smokeTest =
  (deps: Pick<StepDeps, 'folderOf' | 'runSmokeTests' | 'sleep'>): StepFunction =>
  async ({ journal, signal, progress }) => {
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readWithFiles(journal.candidate, 'smoke-test');
    if (!manifest.ok) return manifest;
    const order = {
      folder: await stagedFolder(journal, folder),
      manifest: manifest.value,
      phase: 'smoke-test' as const,
      signal,
      onProgress: ({ done, total }: { done: number; total: number }) => progress(total === 0 ? 1 : done / total),
    };
    for (let attempt = 0; ; attempt += 1) {
      const tested = await deps.runSmokeTests(order);
      if (tested.ok) return { ok: true };
      const pause = PAUSES[attempt];
      if (tested.refused.category !== 'machine_busy' || pause === undefined) return tested;
      await deps.sleep(pause, signal);
      if (signal.aborted) return tested;
    }
  };
