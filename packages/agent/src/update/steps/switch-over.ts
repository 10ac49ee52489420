/**
 * Beat 12: stop, one rename, start. Everything slow happens while the old release still works; what stands
 * between its last and the new one's first moment is the state that changed meanwhile, one rename and one fsync.
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { StepResult } from '@fairlead/shared/update/journey';
import { saveState } from '../../state-backup/save-state.ts';
import { askBeforeSwitch } from '../ask-before-switch.ts';
import { checkServices } from '../check-services.ts';
import { refusalOf } from '../refusal-of.ts';
import { isRepair, measureFresh, putFreshInPlace } from '../repair.ts';
import { servicesOf, stopInReverse } from '../services-in-order.ts';
import { startAgain } from '../shared-services.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction, Update } from '../steps.ts';

type Deps = Pick<StepDeps, 'layout' | 'folderOf' | 'services' | 'permission' | 'confirmation' | 'safeState' | 'outbox'>;

export const switchOver =
  (deps: Deps): StepFunction =>
  async (update) => {
    let outcome: 'switched' | 'given-up' = 'given-up';
    try {
      const result = await switchNow(update, deps);
      if (result.ok) outcome = 'switched';
      return result;
    } finally {
      deps.safeState.over(update.journal, outcome);
    }
  };

async function switchNow({ journal, signal, waits, order }: Update, deps: Deps): Promise<StepResult> {
  const { candidate, current, component } = journal;
  const folder = await deps.folderOf(component);
  const manifest = await folder.readManifest(candidate, 'switch');
  if (!manifest.ok) return { ...manifest, outcome: 'failed' };
  const before = current ? await folder.readManifest(current, 'switch') : undefined;
  const old = before?.ok ? before.value : undefined;
  const stopped = servicesOf(old, manifest.value);
  const repair = isRepair(journal);
  // A switch that a power cut interrupted after its rename has only the services left to start.
  if (repair || !(await folder.points('active', candidate))) {
    if (before && !before.ok) return { ...before, outcome: 'failed' };
    // Attack 92: what was tested may have been changed since.
    const measured = await (repair ? measureFresh(candidate, folder) : folder.measure(candidate, 'switch'));
    if (!measured.ok) return { ...measured, outcome: 'rejected' };
    // Once more: a unit may have been masked or edited since the order was considered.
    const startable = await checkServices({ next: manifest.value, now: old, phase: 'switch' }, deps.services);
    if (!startable.ok) return { ...startable, outcome: 'failed' };
    const permission = await askBeforeSwitch(journal, order, deps, signal);
    if (!permission.granted) {
      waits(permission.reason, permission.ready);
      // Interrupted after the stop, then asked again in the wrong hour: the old release works on meanwhile.
      await startAgain({ component, own: servicesOf(old), stopped, phase: 'switch' }, deps);
      return { ok: false, refused: permission.reason, notNow: true };
    }
    tellOverride(journal, order, permission.skipped, deps);
    if (current && !repair) await folder.point('previous', current);
    const still = await stopInReverse(stopped, deps.services, 'switch');
    if (!still.ok) return { ...still, outcome: 'failed' };
    // Only before the candidate ever ran: later this would save what the candidate made of it.
    const backup = manifest.value.state?.backup ?? [];
    try {
      if (backup.length > 0) await saveState(folder.paths.stateBackup(journal.deployment), backup);
      if (repair) await putFreshInPlace(candidate, folder);
      else await folder.point('active', candidate);
    } catch (error) {
      // A full disk, say: nothing was switched yet, so nothing will have been rolled back.
      return { ok: false, refused: refusalOf(error, 'switch', component), outcome: 'failed' };
    }
  }
  const started = await startAgain({ component, own: servicesOf(manifest.value), stopped, phase: 'switch' }, deps);
  if (!started.ok) return started;
  await folder.unpoint('staged');
  return { ok: true };
}

/** Durable before anything stops: whoever steps over what a robot asks for is never silent about it. */
function tellOverride(
  { deployment, component }: Update['journal'],
  order: Update['order'],
  skipped: readonly Refusal[] | undefined,
  { outbox }: Pick<Deps, 'outbox'>,
): void {
  const { override } = order.terms();
  if (!override || !skipped?.length) return;
  const { by, reason } = override;
  outbox.append({ event: 'override', deployment, component, by, reason, skipped: skipped.slice(0, 20) });
}
