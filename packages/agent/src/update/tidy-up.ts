/** After a start of the agent: everything that the journal does not speak of is brought in order. */
import type { ComponentName } from '@fairlead/shared/ids';
import { blobsOf } from '@fairlead/shared/release/manifest';
import type { Journal } from '@fairlead/shared/update/journal';
import { mayCancel } from '@fairlead/shared/update/journey';
import { listComponents } from '../releases/release-folder.ts';
import { sweepComponent, sweepRoot } from '../releases/sweep.ts';
import { startForgotten } from './keep-services-up.ts';
import { reconcile } from './reconcile.ts';
import { refusalOf } from './refusal-of.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'layout' | 'folderOf' | 'services' | 'alarms' | 'clock'>;

/**
 * Sweeps leftovers and reconciles each component. What fails is an alarm and never a rejection: an update that was
 * interrupted with its services stopped must come to its end, whatever is wrong elsewhere on the disk.
 */
export async function tidyUp(journal: Journal | undefined, deps: Deps): Promise<void> {
  const { layout, alarms } = deps;
  const attempt = async (act: () => Promise<void>, component?: ComponentName): Promise<void> => {
    try {
      await act();
    } catch (error) {
      alarms.raise({ ...refusalOf(error, 'roll-back', component), ...(component !== undefined && { component }) });
    }
  };
  await attempt(async () => sweepRoot(layout, journal ? await partsOf(journal, deps) : []));
  await attempt(async () => {
    for (const component of await listComponents(layout)) {
      const isUnderWay = component === journal?.component;
      const tidy = () =>
        isUnderWay ? sweepComponent(layout.component(component), journal) : reconcile(component, deps);
      await attempt(tidy, component);
      // From the switch on, the journal says when which services run.
      if (!isUnderWay || (journal && mayCancel(journal.step)))
        await attempt(() => startForgotten(component, deps), component);
    }
  });
}

/** The download that the interrupted update will want to resume. */
async function partsOf(journal: Journal, { layout, folderOf }: Deps): Promise<string[]> {
  const folder = await folderOf(journal.component);
  const manifest = await folder.readManifest(journal.candidate, 'download');
  return manifest.ok ? blobsOf(manifest.value).map(({ sha256 }) => layout.part(sha256)) : [];
}
