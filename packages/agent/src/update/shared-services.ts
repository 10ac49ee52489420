/**
 * A service may serve several components: `duck-policy` names `duck-runtime` too, so that both stand still
 * together. What was stopped for one of them is given back to the others, whatever becomes of the one.
 */
import type { Phase, Result } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import { listComponents, type ReleaseFolder } from '../releases/release-folder.ts';
import { servicesOf, startInOrder } from './services-in-order.ts';
import type { StepDeps } from './step-deps.ts';

interface Restart {
  readonly component: ComponentName;
  /** What the release that runs from now on names, in its order. */
  readonly own: readonly string[];
  /** What was stopped, or may have been before a power cut. */
  readonly stopped: readonly string[];
  readonly phase: Phase;
}

/** Starts both kinds, the others' first: what is shared is what the own lean on. Tells the first refusal. */
export async function startAgain(
  { component, own, stopped, phase }: Restart,
  deps: Pick<StepDeps, 'layout' | 'folderOf' | 'services'>,
): Promise<Result<void>> {
  const shared = await servicesOfAll(deps, component);
  const lent = [...shared].filter((service) => stopped.includes(service) && !own.includes(service));
  const givenBack = await startInOrder(lent, deps.services, phase);
  const started = await startInOrder(own, deps.services, phase);
  return givenBack.ok ? started : givenBack;
}

/** Every service that something active on this robot names; of `except` nothing is asked. */
export async function servicesOfAll(
  deps: Pick<StepDeps, 'layout' | 'folderOf'>,
  except?: ComponentName,
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  for (const component of await listComponents(deps.layout)) {
    if (component === except) continue;
    // What can't be read of one component is its own trouble.
    const services = await deps
      .folderOf(component)
      .then(servicesOfActive)
      .catch(() => []);
    for (const service of services) named.add(service);
  }
  return named;
}

/** None where nothing is active, or its manifest can't be read. */
export async function servicesOfActive(folder: ReleaseFolder): Promise<readonly string[]> {
  const active = await folder.slot('active');
  const manifest = active ? await folder.readManifest(active, 'roll-back') : undefined;
  return manifest?.ok ? servicesOf(manifest.value) : [];
}
