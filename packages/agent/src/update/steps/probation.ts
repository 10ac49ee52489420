/** Beat 13: the new release must prove itself in its work. The network to the control plane has no say in it. */
import { SECOND } from '@fairlead/shared/time';
import { keepPassing, passOnce } from '../health-watch.ts';
import { servicesOf, startInOrder } from '../services-in-order.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

const DEFAULT_SECONDS = 60;

export const probation =
  (deps: Pick<StepDeps, 'folderOf' | 'services' | 'prober' | 'elapsed' | 'sleep'>): StepFunction =>
  async ({ journal, signal }) => {
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readManifest(journal.candidate, 'probation');
    if (!manifest.ok) return manifest;
    // After a reboot in probation nobody else may have started them; running already is fine.
    const started = await startInOrder(servicesOf(manifest.value), deps.services, 'probation');
    if (!started.ok) return started;
    const context = {
      component: journal.component,
      folder: folder.paths.release(journal.candidate),
      signal,
    };
    const ms = (manifest.value.probation?.seconds ?? DEFAULT_SECONDS) * SECOND;
    const end = deps.elapsed() + ms;
    const refused =
      (await passOnce(manifest.value, 'probation', context, deps)) ??
      (await keepPassing(manifest.value, Math.max(0, end - deps.elapsed()), 'probation', context, deps));
    if (refused) return { ok: false, refused };
    // A stop of the agent cuts the watch short: nothing was proven.
    if (signal.aborted) return { ok: false, refused: STOPPED };
    return { ok: true };
  };

const STOPPED = {
  phase: 'probation',
  element: 'agent',
  category: 'interrupted',
  detail: 'The agent was asked to stop during the probation.',
  retryable: true,
  hint: 'Nothing to do: the probation begins again when the agent starts.',
} as const;
