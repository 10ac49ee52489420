/**
 * Port: who starts and stops what a robot runs. Adapters: the agent itself (`process`) and systemd.
 * Both outlive the agent: an agent that restarts finds the services as it left them.
 */
import type { Phase, Result } from '@fairlead/shared/failure';

export interface ServiceState {
  /**
   * `starting`: it does not run yet, and its manager starts it, or waits to start it again after an exit. `failed`: it
   * ended by itself and is not coming back without help. `unknown`: the manager could not be asked.
   */
  readonly state: 'running' | 'starting' | 'stopped' | 'failed' | 'unknown';
  /** Unplanned exits since the last `start`; a planned stop and start begins again at 0. */
  readonly restarts: number;
  /** One sentence for people: the unit's result, the exit code, why it could not be asked. */
  readonly detail: string;
}

export interface ServiceManager {
  /** Nobody but the agent stops these services, so one that stands still was forgotten. Absent: people do, too. */
  readonly ownsStops?: boolean;
  /**
   * Whether `start` and `stop` could do anything about this service: it exists, and its robot lets us. Changes nothing;
   * asked before an update begins, so that no application is stopped for a name that is wrong.
   */
  check(service: string, phase: Phase): Promise<Result<void>>;
  /**
   * Resolves when the service is up as far as its manager can tell; running already is fine, but a program that
   * ran from the old release keeps running it: stop first. `phase` is the beat that a refusal is written for.
   */
  start(service: string, phase: Phase): Promise<Result<void>>;
  /** Resolves when no process of the service is left; stopped already is fine. */
  stop(service: string, phase: Phase): Promise<Result<void>>;
  /** Never rejects. */
  state(service: string): Promise<ServiceState>;
}
