/**
 * A component that no journal speaks of: its links must say what the committed mark says. They differ after a
 * lost journal, or after a power cut in a roll-back by hand; either way the mark is what was settled on.
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import type { ReleaseFolder } from '../releases/release-folder.ts';
import { sweepComponent } from '../releases/sweep.ts';
import { servicesOf, startInOrder, stopInReverse } from './services-in-order.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'folderOf' | 'services' | 'outbox'>;

export async function reconcile(component: ComponentName, deps: Deps): Promise<void> {
  const folder = await deps.folderOf(component);
  const committed = await folder.committed();
  await folder.unpoint('staged');
  if (committed && !(await folder.points('active', committed.active))) await obeyMark(folder, deps);
  if (committed?.previous && (await folder.holds(committed.previous)))
    await folder.point('previous', committed.previous);
  else await folder.unpoint('previous');
  await sweepComponent(folder.paths);
}

async function obeyMark(folder: ReleaseFolder, deps: Deps): Promise<void> {
  const committed = await folder.committed();
  if (!committed) return;
  const measured = await folder.measure(committed.active, 'roll-back');
  if (!measured.ok) {
    // The least bad: what runs is not what was committed, but what was committed is no longer whole.
    deps.outbox.append({ event: 'alarm', refusal: unsettled(measured.refused) });
    return;
  }
  const stray = await folder.slot('active');
  const strayManifest = stray ? await folder.readManifest(stray, 'roll-back') : undefined;
  const strayServices = strayManifest?.ok ? servicesOf(strayManifest.value) : [];
  await stopInReverse([...new Set([...servicesOf(measured.value), ...strayServices])], deps.services, 'roll-back');
  await folder.point('active', committed.active);
  const started = await startInOrder(servicesOf(measured.value), deps.services, 'roll-back');
  if (!started.ok) deps.outbox.append({ event: 'alarm', refusal: started.refused });
}

const unsettled = (damage: Refusal): Refusal => ({
  ...damage,
  category: 'active_unsettled',
  detail: `The active release was never committed, and the committed one is damaged: ${damage.detail}`.slice(0, 2000),
  retryable: true,
  hint: 'Deploy a sound release to this robot, and check its disk.',
});
