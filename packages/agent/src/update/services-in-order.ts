/** A release's services, in the order its author gave: started so, stopped in reverse. */
import { accept, type Phase, type Result } from '@fairlead/shared/failure';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { ServiceManager } from '../services/service-manager.ts';

/** Services of several releases, each once: those of the first keep their order. */
export const servicesOf = (...manifests: readonly (Manifest | undefined)[]): readonly string[] => [
  ...new Set(manifests.flatMap((manifest) => manifest?.services ?? [])),
];

/** Starts all, up to the first that does not start. */
export async function startInOrder(
  services: readonly string[],
  manager: ServiceManager,
  phase: Phase,
): Promise<Result<void>> {
  for (const service of services) {
    const started = await manager.start(service, phase);
    if (!started.ok) return started;
  }
  return accept(undefined);
}

/** Stops all, also where one refuses: the rest need not run on without it. Tells the first refusal. */
export async function stopInReverse(
  services: readonly string[],
  manager: ServiceManager,
  phase: Phase,
): Promise<Result<void>> {
  let first: Result<void> = accept(undefined);
  for (const service of services.toReversed()) {
    const stopped = await manager.stop(service, phase);
    if (first.ok) first = stopped;
  }
  return first;
}
