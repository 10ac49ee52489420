/** Beat 8: unpack into a fresh immutable folder beside the running one. */

import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { renameDurably } from '@fairlead/toolkit/durable-files';
import { removePart } from '../../download/part-file.ts';
import { isRepair } from '../repair.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const stage =
  (deps: Pick<StepDeps, 'layout' | 'folderOf' | 'extractBundle' | 'measureTree'>): StepFunction =>
  async ({ journal, signal, progress }) => {
    const { candidate } = journal;
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readWithFiles(candidate, 'stage');
    if (!manifest.ok) return manifest;
    const bundle = deps.layout.part(manifest.value.bundle.sha256);
    if (!(await folder.measure(candidate, 'stage')).ok) {
      const to = folder.paths.unpacking(candidate);
      await removeTree(to);
      const extracted = await deps.extractBundle({
        bundle,
        manifest: manifest.value,
        to,
        signal,
        onProgress: (bytes, of) => progress(of === 0 ? 1 : bytes / of),
      });
      if (!extracted.ok) return extracted;
      // What was written is read back: a disk that lies is found here and not on the move.
      const measured = await deps.measureTree({ folder: to, manifest: manifest.value, phase: 'stage' });
      if (!measured.ok) return measured;
      if (!isRepair(journal)) await renameDurably(to, folder.paths.release(candidate));
    }
    // A release that takes its own place is staged by its fresh folder alone: every link to it is the damaged one's.
    if (!isRepair(journal)) await folder.point('staged', candidate);
    await removePart(bundle);
    return { ok: true };
  };
