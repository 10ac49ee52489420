/** A service manager that only remembers, and says in order what was asked of it. */
import { accept, type Refusal, refuse } from '@fairlead/shared/failure';
import type { ServiceManager } from '../../services/service-manager.ts';

export interface MemoryServices extends ServiceManager {
  /** `stop duck`, `start duck`, in order; starting what runs and stopping what stands leaves no line. */
  readonly log: string[];
  readonly running: ReadonlySet<string>;
  /** What the next calls refuse, as `start duck`. */
  readonly refuses: Set<string>;
}

export function memoryServices(): MemoryServices {
  const log: string[] = [];
  const running = new Set<string>();
  const refuses = new Set<string>();
  const refusal = (phase: Refusal['phase'], element: string, category: string): Refusal => ({
    phase,
    element,
    category,
    detail: 'told to refuse',
    retryable: true,
    hint: '',
  });
  return {
    log,
    running,
    refuses,
    check: async (service, phase) =>
      refuses.has(`check ${service}`) ? refuse(refusal(phase, service, 'no_service')) : accept(undefined),
    start: async (service, phase) => {
      if (refuses.has(`start ${service}`)) return refuse(refusal(phase, service, 'service_start'));
      if (!running.has(service)) log.push(`start ${service}`);
      running.add(service);
      return accept(undefined);
    },
    stop: async (service, phase) => {
      if (refuses.has(`stop ${service}`)) return refuse(refusal(phase, service, 'service_stop'));
      if (running.has(service)) log.push(`stop ${service}`);
      running.delete(service);
      return accept(undefined);
    },
    state: async (service) => ({ state: running.has(service) ? 'running' : 'stopped', restarts: 0, detail: '' }),
  };
}
