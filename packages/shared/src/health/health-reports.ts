/** What a robot reports when the health of a component changes: the change itself, and the alarm that goes with it. */
import type { ComponentName, DeploymentId } from '../ids.ts';
import type { ReportEvent, RunningRelease } from '../trust/report.ts';
import type { Health } from './component-health.ts';

export type HealthChanged = Extract<ReportEvent, { event: 'health-changed' }>;

/** The committed release that is monitored. */
export interface MonitoredRelease {
  readonly component: ComponentName;
  readonly active: RunningRelease;
  /** The order that installed it; absent after a rollback by hand. */
  readonly deployment?: DeploymentId;
}

/** Whether `last` is about this very installation of the release, and not about one before it. */
export const isAbout = (last: HealthChanged | undefined, { active, deployment }: MonitoredRelease): boolean =>
  last?.active?.manifestSha256 === active.manifestSha256 && last.deployment === deployment;

/**
 * The reports that are due; none where `last`, the newest change that was reported of this component, says the same. A
 * component of which nothing was reported counts as healthy, and `unknown` is no change: it is only shown.
 */
export function healthReports(
  release: MonitoredRelease,
  { state, refusal }: Pick<Health, 'state' | 'refusal'>,
  last: HealthChanged | undefined,
): ReportEvent[] {
  const { component, active, deployment } = release;
  const wasDegraded = last?.state === 'degraded';
  const about = { event: 'health-changed', component, active, ...(deployment && { deployment }) } as const;
  if (state === 'healthy' && wasDegraded) return [...alarmResolved(last), { ...about, state }];
  if (state !== 'degraded' || !refusal || (wasDegraded && isAbout(last, release))) return [];
  // The release before was degraded too, and its alarm may be another one.
  const resolved = wasDegraded && !isSameAlarm(last, refusal) ? alarmResolved(last) : [];
  return [...resolved, { event: 'alarm', refusal }, { ...about, state, refusal }];
}

function alarmResolved({ component, refusal }: HealthChanged): ReportEvent[] {
  if (!refusal) return [];
  const { element, category } = refusal;
  return [{ event: 'alarm-resolved', component, element, category }];
}

const isSameAlarm = ({ refusal }: HealthChanged, { element, category }: NonNullable<HealthChanged['refusal']>) =>
  refusal?.element === element && refusal.category === category;
