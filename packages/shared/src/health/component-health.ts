/**
 * The health of one committed release as a pure reducer: observations in, healthy, degraded or unknown out. It becomes
 * degraded fast and recovers slowly, so that a service that crashes again and again is never reported healthy between
 * two crashes. Time is an argument: milliseconds of a clock that never goes back.
 */
import type { Refusal } from '../failure.ts';
import type { HEALTH_STATES } from '../fleet/states.ts';
import type { ComponentName } from '../ids.ts';
import { MINUTE } from '../time.ts';
import { DEFAULT_MAX_RESTARTS, type MonitoringPolicy } from './monitoring-policy.ts';

export type HealthState = (typeof HEALTH_STATES)[number];

/** One attempt of one check. `unknown`: the check could not run, which proves nothing. */
export type CheckObservation =
  | { readonly check: string; readonly verdict: 'healthy' }
  | { readonly check: string; readonly verdict: 'unhealthy' | 'unknown'; readonly refusal: Refusal };

/** The restart counter of one service. */
export interface RestartObservation {
  readonly service: string;
  /** Unplanned restarts since the service was last started on purpose: a planned start begins again at 0. */
  readonly restarts: number;
  /** What the release declares as `maxRestarts`; absent where it declares nothing. */
  readonly maxRestarts?: number;
}
export type Observation = CheckObservation | RestartObservation;

/** Everything that was observed of one check, in a row up to now. */
interface CheckHistory {
  readonly passed: number;
  readonly failed: number;
  readonly unknown: number;
  readonly refusal?: Refusal;
}
interface ServiceHistory {
  readonly counter: number;
  readonly allowed: number;
  /** When unplanned restarts were seen, the newest last; never more than are needed to judge. */
  readonly restartedAt: readonly number[];
}

export interface Health {
  readonly component: ComponentName;
  readonly state: HealthState;
  /** The failed check or service; present where the state is degraded, and unknown because a check could not run. */
  readonly refusal?: Refusal;
  readonly checks: ReadonlyMap<string, CheckHistory>;
  readonly services: ReadonlyMap<string, ServiceHistory>;
  /** When an unplanned restart was last seen. */
  readonly lastRestartAt?: number;
}

export const RESTARTS_CATEGORY = 'service_restarts';
const NOTHING_SEEN: CheckHistory = { passed: 0, failed: 0, unknown: 0 };

/** Nothing is known of a release that was committed a moment ago. `checks`: the names of all that will be observed. */
export const beginHealth = (component: ComponentName, checks: readonly string[]): Health => ({
  component,
  state: 'unknown',
  checks: new Map(checks.map((check) => [check, NOTHING_SEEN])),
  services: new Map(),
});

/**
 * A release that was degraded when its agent, or the whole robot, stopped: it is degraded until its checks show that
 * it has recovered.
 */
export const resumeDegraded = (
  component: ComponentName,
  checks: readonly string[],
  refusal: Refusal | undefined,
  now: number,
): Health => ({
  ...beginHealth(component, checks),
  state: 'degraded',
  ...(refusal && { refusal }),
  ...(refusal?.category === RESTARTS_CATEGORY && { lastRestartAt: now }),
});

/** The health after one more observation at `now`. An observation of a check that was not announced counts as well. */
export function observe(health: Health, observation: Observation, policy: MonitoringPolicy, now: number): Health {
  const next =
    'check' in observation ? afterCheck(health, observation) : afterRestarts(health, observation, policy, now);
  return judge(next, policy, now);
}

function afterCheck(health: Health, observation: CheckObservation): Health {
  const before = health.checks.get(observation.check) ?? NOTHING_SEEN;
  return { ...health, checks: new Map(health.checks).set(observation.check, afterVerdict(before, observation)) };
}

/** An attempt that could not run neither continues nor ends a series of failures. */
function afterVerdict({ passed, failed, unknown }: CheckHistory, observation: CheckObservation): CheckHistory {
  if (observation.verdict === 'healthy') return { passed: passed + 1, failed: 0, unknown: 0 };
  const { verdict, refusal } = observation;
  return verdict === 'unhealthy'
    ? { passed: 0, failed: failed + 1, unknown, refusal }
    : { passed: 0, failed, unknown: unknown + 1, refusal };
}

function afterRestarts(
  health: Health,
  { service, restarts, maxRestarts = DEFAULT_MAX_RESTARTS }: RestartObservation,
  { restartWindowMs }: MonitoringPolicy,
  now: number,
): Health {
  const before = health.services.get(service);
  const added = newRestarts(before?.counter, restarts);
  const recent = (before?.restartedAt ?? []).filter((at) => now - at < restartWindowMs);
  const restartedAt = [...recent, ...Array.from({ length: Math.min(added, maxRestarts + 1) }, () => now)];
  const history = { counter: restarts, allowed: maxRestarts, restartedAt: restartedAt.slice(-(maxRestarts + 1)) };
  const services = new Map(health.services).set(service, history);
  return { ...health, services, ...(added > 0 && { lastRestartAt: now }) };
}

/** Restarts before the first observation do not count; a counter that fell began again at 0. */
function newRestarts(before: number | undefined, restarts: number): number {
  if (before === undefined) return 0;
  return restarts >= before ? restarts - before : restarts;
}

function judge(health: Health, policy: MonitoringPolicy, now: number): Health {
  const failure = failedCheck(health, policy) ?? excessiveRestarts(health, policy, now);
  if (failure) return withState(health, 'degraded', failure);
  if (health.state === 'degraded') return hasRecovered(health, policy, now) ? withState(health, 'healthy') : health;
  const checks = [...health.checks.values()];
  const doubtful = checks.find(({ unknown }) => unknown >= policy.failureThreshold);
  if (doubtful) return withState(health, 'unknown', doubtful.refusal);
  return checks.every(({ passed }) => passed > 0) ? withState(health, 'healthy') : health;
}

function withState(before: Health, state: HealthState, refusal?: Refusal): Health {
  const { refusal: _, ...health } = before;
  return { ...health, state, ...(refusal && { refusal }) };
}

const failedCheck = ({ checks }: Health, { failureThreshold }: MonitoringPolicy): Refusal | undefined =>
  [...checks.values()].find(({ failed }) => failed >= failureThreshold)?.refusal;

function hasRecovered({ checks, lastRestartAt }: Health, policy: MonitoringPolicy, now: number): boolean {
  const isQuiet = lastRestartAt === undefined || now - lastRestartAt >= policy.restartQuietMs;
  return isQuiet && [...checks.values()].every(({ passed }) => passed >= policy.recoveryThreshold);
}

function excessiveRestarts(
  { component, services }: Health,
  { restartWindowMs }: MonitoringPolicy,
  now: number,
): Refusal | undefined {
  for (const [service, { allowed, restartedAt }] of services) {
    const recent = restartedAt.filter((at) => now - at < restartWindowMs);
    if (recent.length <= allowed) continue;
    const minutes = Math.round(restartWindowMs / MINUTE);
    const often = allowed === 0 ? '' : allowed === 1 ? ' more than once' : ` more than ${allowed} times`;
    return {
      phase: 'monitor',
      component,
      element: service,
      category: RESTARTS_CATEGORY,
      detail: `${service} ended by itself and was restarted${often} within ${minutes} minutes.`,
      retryable: true,
      hint: `Look at the log of ${service}, then deploy a release that works, or roll this one back.`,
    };
  }
  return undefined;
}
