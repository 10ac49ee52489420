/**
 * What the agent itself changes right now: the component it switches and the services it stops and starts. Monitoring
 * pauses for both and discards what it observed meanwhile, so that no planned restart looks like a failure.
 */
import type { ComponentName } from '@fairlead/shared/ids';
import type { Journal } from '@fairlead/shared/update/journal';
import { createBell } from '../bell.ts';
import type { ServiceManager } from '../services/service-manager.ts';

export interface PlannedWork {
  /** From now until `end`, `component` and every service that is stopped or started are under change. One work at a time. */
  begin(component: ComponentName): void;
  /** The services that are started or stopped through this manager are under change until `end`. */
  through(manager: ServiceManager): ServiceManager;
  end(): void;
  /**
   * A number that differs after a change to the component or to one of the services; undefined while one is under change.
   * The same number before and after an observation means that nothing was changed in between.
   */
  mark(component: ComponentName, services: readonly string[]): number | undefined;
  /** Aborts when a work ends. */
  ended(): AbortSignal;
}

/** Everything is under change until the first `end`: after its start the agent puts in order what a crash left. */
export function plannedWork(): PlannedWork {
  const bell = createBell();
  /** How often each component and service was changed; as many entries as the robot has of them. */
  const changes = new Map<string, number>();
  const underChange = new Set<string>();
  let isStarting = true;
  const change = (key: string): void => {
    underChange.add(key);
    changes.set(key, (changes.get(key) ?? 0) + 1);
  };
  return {
    begin: (component) => change(componentKey(component)),
    through: (manager) => ({
      ...(manager.ownsStops && { ownsStops: true }),
      check: (service, phase) => manager.check(service, phase),
      state: (service) => manager.state(service),
      start: (service, phase) => {
        change(serviceKey(service));
        return manager.start(service, phase);
      },
      stop: (service, phase) => {
        change(serviceKey(service));
        return manager.stop(service, phase);
      },
    }),
    end() {
      isStarting = false;
      underChange.clear();
      bell.ring();
    },
    mark(component, services) {
      const keys = [componentKey(component), ...services.map(serviceKey)];
      if (isStarting || keys.some((key) => underChange.has(key))) return undefined;
      return keys.reduce((sum, key) => sum + (changes.get(key) ?? 0), 0);
    },
    ended: bell.listen,
  };
}

/**
 * Steps from the switch to the end that stop, replace or judge what runs; the report among them, so that the server learns
 * that a release was committed before it learns that the release is degraded.
 */
const CHANGES_ROBOT: ReadonlySet<Journal['step']> = new Set(['switch', 'probation', 'commit', 'roll-back', 'report']);

/** An update begins a step. What runs while the next release is downloaded and tested is monitored meanwhile. */
export function noteStep({ step, component }: Pick<Journal, 'step' | 'component'>, work: PlannedWork): void {
  if (CHANGES_ROBOT.has(step)) work.begin(component);
  else work.end();
}

const componentKey = (component: ComponentName): string => `component ${component}`;
/** Units may be written with or without their type. */
const serviceKey = (service: string): string => `service ${service.replace(/\.service$/, '')}`;
