/** The checks of one committed release, each in a loop of its own, so that one that hangs delays no other. */
import type { Refusal } from '@fairlead/shared/failure';
import {
  beginHealth,
  type Health,
  type Observation,
  observe,
  resumeDegraded,
} from '@fairlead/shared/health/component-health';
import { abortable } from '@fairlead/toolkit/abortable';
import { startPatienceOf } from '../update/health-watch.ts';
import {
  type Attempt,
  type ObserveDeps,
  type Observed,
  observeCheck,
  observedHanging,
  timeLimitOf,
} from './observe-check.ts';
import type { PlannedWork } from './planned-work.ts';
import type { CommittedRelease } from './read-committed-release.ts';

export interface WatchDeps extends ObserveDeps {
  readonly work: Pick<PlannedWork, 'mark'>;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}

type MonitoredCheck = Pick<Attempt, 'id' | 'check'>;

export interface ReleaseWatch {
  health(): Health;
  /** Resolves when every loop has ended; attempts in progress are aborted and not waited for. */
  readonly ended: Promise<void>;
  stop(): void;
}

export interface WatchStart {
  /** Why the release was degraded when the agent ended. */
  readonly degraded?: { readonly refusal: Refusal | undefined } | undefined;
  /** The robot or its application may have started a moment ago, as after a boot. */
  readonly isStarting: boolean;
}

/**
 * Watches until `stop`. `onChange` is called after each change of state. While the application starts, the checks have
 * the time that the probation would give them: before a check has passed once, its failures do not count. A service that
 * its manager starts again after an exit has this time as well; how often it may exit is judged by its restarts.
 */
export function watchRelease(
  release: CommittedRelease,
  { degraded, isStarting }: WatchStart,
  onChange: (health: Health) => void,
  deps: WatchDeps,
): ReleaseWatch {
  const { component, policy, folder } = release;
  const checks: MonitoredCheck[] = release.checks.map((check, index) => ({ id: `check ${index}`, check }));
  const names = checks.map(({ id }) => id);
  const services = checks.flatMap(({ check }) => ('systemd' in check ? [check.systemd.unit] : []));
  const startMs = Math.max(0, ...release.checks.map(startPatienceOf));
  const stop = new AbortController();
  let health = degraded
    ? resumeDegraded(component, names, degraded.refusal, deps.elapsed())
    : beginHealth(component, names);

  const add = (observation: Observation): void => {
    const before = health.state;
    health = observe(health, observation, policy, deps.elapsed());
    if (health.state !== before) onChange(health);
  };
  const watchCheck = async (each: MonitoredCheck): Promise<void> => {
    const intervalMs = 'systemd' in each.check ? policy.serviceIntervalMs : policy.intervalMs;
    const attempts = createAttempts({ ...each, component, folder }, stop.signal, deps);
    let startedAt = isStarting ? deps.elapsed() : undefined;
    let restartingSince: number | undefined;
    let lastMark = deps.work.mark(component, services);
    const isWithinStart = (since: number | undefined): boolean =>
      since !== undefined && deps.elapsed() - since < startMs;
    const isStartingUp = (observation: Observation): boolean => {
      if (!('check' in observation)) return false;
      if (observation.verdict === 'healthy') startedAt = undefined;
      return isWithinStart(startedAt) || isWithinStart(restartingSince);
    };
    while (!stop.signal.aborted) {
      const mark = deps.work.mark(component, services);
      // The agent itself restarted something.
      if (mark !== lastMark) startedAt = deps.elapsed();
      lastMark = mark;
      const seen: Observed = mark === undefined ? { observations: [] } : await attempts.next();
      restartingSince = seen.isStarting ? (restartingSince ?? deps.elapsed()) : undefined;
      // An observation made while the agent itself stopped, switched or started something proves nothing about the release.
      if (!stop.signal.aborted && deps.work.mark(component, services) === mark)
        seen.observations.filter((observation) => !isStartingUp(observation)).forEach(add);
      await deps.sleep(intervalMs * (0.9 + 0.2 * deps.random()), stop.signal);
    }
  };
  return {
    health: () => health,
    ended: Promise.all(checks.map(watchCheck)).then(() => undefined),
    stop: () => stop.abort(),
  };
}

/** Attempts of one check, one at a time: while one hangs no other is begun, so that a robot does not fill up with them. */
function createAttempts(each: Omit<Attempt, 'signal'>, stop: AbortSignal, deps: WatchDeps) {
  let isHanging = false;
  return {
    /** Ends at its time limit, or when `stop` aborts. */
    async next(): Promise<Observed> {
      if (isHanging) return observedHanging(each);
      // A signal of its own: one that lives for as long as the agent would collect the listeners of all attempts.
      const over = new AbortController();
      const abort = (): void => over.abort();
      stop.addEventListener('abort', abort, { once: true });
      const attempt = observeCheck({ ...each, signal: over.signal }, deps);
      void deps.sleep(timeLimitOf(each.check), over.signal).then(abort);
      const seen = await abortable(attempt, over.signal).catch(() => undefined);
      stop.removeEventListener('abort', abort);
      over.abort();
      if (seen) return seen;
      isHanging = true;
      const done = (): void => void (isHanging = false);
      attempt.then(done, done);
      return observedHanging(each);
    },
  };
}
