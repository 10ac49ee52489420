/**
 * Beat 12: stop, one rename, start. Everything slow happens while the old release still works; what stands
 * between its last and the new one's first moment is the state that changed meanwhile, one rename and one fsync.
 */
import { saveState } from '../../state-backup/save-state.ts';
import { servicesOf, startInOrder, stopInReverse } from '../services-in-order.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const switchOver =
  (deps: Pick<StepDeps, 'folderOf' | 'services' | 'permission'>): StepFunction =>
  async ({ journal, waits }) => {
    const { candidate, current } = journal;
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readManifest(candidate, 'switch');
    if (!manifest.ok) return { ...manifest, outcome: 'failed' };
    const services = servicesOf(manifest.value);
    // A switch that a power cut interrupted after its rename has only the services left to start.
    if (!(await folder.points('active', candidate))) {
      const before = current ? await folder.readManifest(current, 'switch') : undefined;
      if (before && !before.ok) return { ...before, outcome: 'failed' };
      // Attack 92: what was tested may have been changed since.
      const measured = await folder.measure(candidate, 'switch');
      if (!measured.ok) return { ...measured, outcome: 'rejected' };
      const permission = await deps.permission.ask(journal.component);
      if (!permission.granted) {
        waits(permission.reason);
        // Interrupted after the stop, then asked again in the wrong hour: the old release works on meanwhile.
        await startInOrder(servicesOf(before?.value), deps.services, 'switch');
        return { ok: false, refused: permission.reason, notNow: true };
      }
      if (current) await folder.point('previous', current);
      const stopped = await stopInReverse(servicesOf(before?.value, manifest.value), deps.services, 'switch');
      if (!stopped.ok) return { ...stopped, outcome: 'failed' };
      // Only before the candidate ever ran: later this would save what the candidate made of it.
      const backup = manifest.value.state?.backup ?? [];
      if (backup.length > 0) await saveState(folder.paths.stateBackup(journal.deployment), backup);
      await folder.point('active', candidate);
    }
    const started = await startInOrder(services, deps.services, 'switch');
    if (!started.ok) return started;
    await folder.unpoint('staged');
    return { ok: true };
  };
