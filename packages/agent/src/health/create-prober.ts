/** One attempt of any health check, bounded in time. */
import type { ComponentName } from '@fairlead/shared/ids';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import type { ServiceManager } from '../services/service-manager.ts';
import { probeCommand } from './command-probe.ts';
import { probeHttp } from './http-probe.ts';
import type { ProbeContext, Prober, ProbeVerdict } from './prober.ts';
import { probeService } from './service-probe.ts';
import { probeTcp } from './tcp-probe.ts';

const TIMEOUT_SEC = 5;

export interface CommandChecks {
  /** Program and arguments before each command check. */
  readonly confine?: readonly string[];
  /** What a check of this component finds in its environment, beside a bare one: what its services find. */
  readonly environmentOf?: (component: ComponentName) => Readonly<Record<string, string>>;
}

export function createProber(services: ServiceManager, commands: CommandChecks = {}): Prober {
  const attempt = (check: HealthCheck, context: ProbeContext): Promise<ProbeVerdict> => {
    if ('http' in check) return probeHttp(check.http, limit(check.http, context));
    if ('tcp' in check) return probeTcp(check.tcp, limit(check.tcp, context));
    if ('command' in check) {
      const { folder, component } = context;
      const { confine, environmentOf } = commands;
      const env = environmentOf?.(component);
      return probeCommand(check.command, { folder, signal: limit(check.command, context), confine, env });
    }
    return probeService(check.systemd, services);
  };
  return {
    async probe(check, context) {
      try {
        const verdict = await attempt(check, context);
        // Whoever called it off learns nothing about the robot.
        return context.signal?.aborted ? { verdict: 'unknown', detail: 'the check was called off' } : verdict;
      } catch (error) {
        return { verdict: 'unknown', detail: `the check could not run: ${String(error)}` };
      }
    },
  };
}

function limit({ timeoutSec }: { timeoutSec?: number }, { signal }: ProbeContext): AbortSignal {
  const timeout = AbortSignal.timeout((timeoutSec ?? TIMEOUT_SEC) * 1000);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}
