/** One attempt of one check of a committed release, and what it shows. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Observation } from '@fairlead/shared/health/component-health';
import type { ComponentName } from '@fairlead/shared/ids';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import { SECOND } from '@fairlead/shared/time';
import type { Prober, ProbeVerdict } from '../health/prober.ts';
import type { ServiceManager, ServiceState } from '../services/service-manager.ts';
import { nameOf } from '../update/health-watch.ts';

export interface Attempt {
  readonly component: ComponentName;
  /** Folder of the committed release: where command checks run. */
  readonly folder: string;
  /** Unique among the checks of the release. */
  readonly id: string;
  readonly check: HealthCheck;
  readonly signal: AbortSignal;
}

export interface ObserveDeps {
  readonly prober: Prober;
  readonly services: ServiceManager;
  /** Whether the files of the active release are known to be no longer what was signed. */
  readonly isDamaged: (component: ComponentName) => boolean;
}

export interface Observed {
  readonly observations: readonly Observation[];
  /** The service does not run, and its manager starts it: a failure of the check within its start time proves nothing. */
  readonly isStarting?: true;
}

/** Never rejects; ends within `timeLimitOf(check)`, unless a process hangs in the kernel. */
export async function observeCheck(attempt: Attempt, { prober, services, isDamaged }: ObserveDeps): Promise<Observed> {
  const { check, component, folder, signal } = attempt;
  // No program of a release runs whose bytes are not what was signed; services of one are another matter: they work.
  if ('command' in check && isDamaged(component)) return only(attempt, DAMAGED);
  if (!('systemd' in check)) return only(attempt, await prober.probe(check, { component, folder, signal }));
  const { unit, maxRestarts } = check.systemd;
  const { state, restarts, detail } = await services.state(unit);
  const seen = observed(attempt, { verdict: VERDICTS[state], detail: `${unit}: ${detail}` });
  // A manager that could not be asked gives no counter either.
  if (state === 'unknown') return { observations: [seen] };
  const counter = { service: unit, restarts, ...(maxRestarts !== undefined && { maxRestarts }) };
  return { observations: [seen, counter], ...(state === 'starting' && { isStarting: true }) };
}

/** A process that not even SIGKILL ends: the attempt is given up, and counts as a failure. */
export const observedHanging = (attempt: Omit<Attempt, 'signal'>): Observed =>
  only(attempt, { verdict: 'unhealthy', detail: 'The check does not end, although it was killed.' });

const only = (attempt: Omit<Attempt, 'signal'>, verdict: ProbeVerdict): Observed => ({
  observations: [observed(attempt, verdict)],
});

const DAMAGED: ProbeVerdict = {
  verdict: 'unknown',
  detail: 'The release is no longer what was signed on this disk, so its check is not run.',
};

const TIMEOUT_SEC = 5;
/** One call of systemctl may take two minutes on a machine that is overloaded. */
const SERVICE_TIMEOUT_SEC = 120;
/** For the end of a process after its SIGKILL. */
const GRACE_SEC = 10;

/** Milliseconds after which an attempt hangs. */
export function timeLimitOf(check: HealthCheck): number {
  if ('systemd' in check) return (SERVICE_TIMEOUT_SEC + GRACE_SEC) * SECOND;
  const { timeoutSec = TIMEOUT_SEC } = 'http' in check ? check.http : 'tcp' in check ? check.tcp : check.command;
  return (timeoutSec + GRACE_SEC) * SECOND;
}

/** Restarts are judged by their number within a time, and not by the number since the last planned start. */
const VERDICTS: Readonly<Record<ServiceState['state'], ProbeVerdict['verdict']>> = {
  running: 'healthy',
  starting: 'unhealthy',
  stopped: 'unhealthy',
  failed: 'unhealthy',
  unknown: 'unknown',
};

function observed({ id, component, check }: Omit<Attempt, 'signal'>, { verdict, detail }: ProbeVerdict): Observation {
  if (verdict === 'healthy') return { check: id, verdict };
  const element = nameOf(check).slice(0, 300);
  const refusal: Refusal = {
    phase: 'monitor',
    component,
    element,
    category: verdict === 'unhealthy' ? 'health_check' : 'health_unknown',
    detail: detail.slice(0, 2000),
    retryable: true,
    hint: `Look at the log of ${component} around this time, then deploy a release that works, or roll this one back.`,
  };
  return { check: id, verdict, refusal };
}
