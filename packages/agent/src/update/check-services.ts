/** Whether what an update stops can be started again, asked before anything is stopped. Changes nothing. */
import { accept, type Phase, type Result } from '@fairlead/shared/failure';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { ServiceManager } from '../services/service-manager.ts';
import { servicesOf } from './services-in-order.ts';

interface Question {
  /** The release that is to run. */
  readonly next: Manifest;
  /** The release that runs now, and is started again where the next one fails. */
  readonly now: Manifest | undefined;
  readonly phase: Phase;
}

/** Refused with the first service that a start would not bring up: masked, not loadable, not allowed, not there. */
export async function checkServices({ next, now, phase }: Question, services: ServiceManager): Promise<Result<void>> {
  const wanted = servicesOf(next);
  for (const service of wanted) {
    const checked = await services.check(service, phase);
    if (!checked.ok) return checked;
  }
  for (const service of servicesOf(now)) {
    if (wanted.includes(service)) continue;
    const checked = await services.check(service, phase);
    // One that stands still already loses nothing by the update, which may be what mends it.
    if (!checked.ok && (await services.state(service)).state === 'running') return checked;
  }
  return accept(undefined);
}
