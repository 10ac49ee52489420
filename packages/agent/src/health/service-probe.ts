/** A service runs and has not crashed more often than the release allows. */
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import type { ServiceManager } from '../services/service-manager.ts';
import type { ProbeVerdict } from './prober.ts';

type Check = Extract<HealthCheck, { systemd: unknown }>['systemd'];

export async function probeService(check: Check, services: ServiceManager): Promise<ProbeVerdict> {
  const { state, restarts, detail } = await services.state(check.unit);
  const allowed = check.maxRestarts ?? 0;
  const told = `${check.unit}: ${detail}`;
  if (state === 'unknown') return { verdict: 'unknown', detail: told };
  // A crash loop looks healthy at every moment between two crashes: only the counter tells.
  if (restarts > allowed) return { verdict: 'unhealthy', detail: `${told}; ${restarts} restarts, ${allowed} allowed` };
  return { verdict: state === 'running' ? 'healthy' : 'unhealthy', detail: told };
}
