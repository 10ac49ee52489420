/** A robot whose update can't go on, or whose agent forgot a service, still has its application to run. */
import type { ComponentName } from '@fairlead/shared/ids';
import type { ReleaseFolder } from '../releases/release-folder.ts';
import { startInOrder } from './services-in-order.ts';
import { servicesOfActive, startAgain } from './shared-services.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'folderOf' | 'services'>;

/**
 * Starts what the active release names, whichever it is: the least bad stays up while a full or dead disk keeps the
 * journal from being written. The step that comes after stops them again in its order. Never rejects.
 */
export async function keepServicesUp(component: ComponentName, deps: Deps): Promise<void> {
  const services = await deps
    .folderOf(component)
    .then(servicesOfActive)
    .catch(() => []);
  await startInOrder(services, deps.services, 'roll-back');
}

/**
 * Does what needs `stopped` to stand still. Where that throws (a disk that breaks in this moment), the services of
 * what is active then are started before the error goes on: nobody else would start them.
 */
export async function upAgainOnError<T>(
  stopped: readonly string[],
  folder: ReleaseFolder,
  act: () => Promise<T>,
  deps: Pick<StepDeps, 'layout' | 'folderOf' | 'services'>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const own = await servicesOfActive(folder).catch(() => []);
    await startAgain({ component: folder.component, own, stopped, phase: 'roll-back' }, deps).catch(() => {});
    throw error;
  }
}

/**
 * Starts what stands still although its release is active: a record that the disk lost, a roll-back by hand that a power
 * cut ended between stop and start. Only where nobody but the agent stops services: a person may have a reason.
 */
export async function startForgotten(component: ComponentName, deps: Deps): Promise<void> {
  if (!deps.services.ownsStops) return;
  const services = await servicesOfActive(await deps.folderOf(component));
  for (const service of services) {
    if ((await deps.services.state(service)).state === 'stopped') await deps.services.start(service, 'roll-back');
  }
}
