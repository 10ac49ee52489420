/**
 * Reports about a release that is committed already: it fails its health checks or passes them again, or its component
 * raised an alarm. They move its deployment between `succeeded` and `degraded`, and nothing else.
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { Alarm } from '@fairlead/shared/fleet/alarm';
import { type Degradation, withDegradation, withoutDegradation } from '@fairlead/shared/fleet/degradation';
import { isFulfilled } from '@fairlead/shared/fleet/deployment';
import type { RobotId } from '@fairlead/shared/ids';
import { hasEnded } from '@fairlead/shared/rollout/states';
import { fromTimestamp, type Instant } from '@fairlead/shared/time';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { type HealthChange, orderedOf, saveHealth, skippedBeside, UNCHANGED } from '../assign/save-health.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';
import { notBefore } from './not-before.ts';

type Event<E extends ReportEvent['event']> = Extract<ReportEvent, { event: E }>;

/** The deployment that a health report is about, by its id, else by the release that the robot reports to run. */
export async function findMonitored(
  slices: Slices,
  robot: RobotId,
  { deployment, component, active }: Event<'health-changed'>,
): Promise<Deployment | undefined> {
  if (deployment !== undefined) {
    const found = await slices.deployments.find(deployment);
    return found?.robot === robot && found.component === component ? found : undefined;
  }
  const ordered = await orderedOf(slices, robot, component);
  return ordered && ordered.manifestSha256 === active?.manifestSha256 ? ordered : undefined;
}

export function applyHealth(
  slices: Slices,
  found: Deployment,
  { state, refusal }: Event<'health-changed'>,
  at: Instant,
): Promise<HealthChange> {
  const next =
    state === 'healthy'
      ? withoutDegradation(found, ({ source }) => source === 'health')
      : withDegradation(found, { source: 'health', refusal: refusal ?? unhealthy(found) });
  return saveHealth(slices, found, next, at);
}

/**
 * An alarm of a component counts against its release while the stage of its rollout runs or soaks, also of a rollout whose
 * order the robot skipped because it ran the release already.
 */
export async function degradeByAlarm(
  slices: Slices,
  robot: RobotId,
  { refusal }: Event<'alarm'>,
  told: Instant,
): Promise<HealthChange> {
  const found = await orderedOf(slices, robot, refusal.component);
  if (!found || !isFulfilled(found.state)) return UNCHANGED;
  const at = notBefore(found, told);
  if (at < (found.endedAt ?? 0)) return UNCHANGED;
  const judged = await Promise.all(
    [found, ...(await skippedBeside(slices, found))].map((each) => isJudged(slices, each)),
  );
  if (!judged.includes(true)) return UNCHANGED;
  return saveHealth(slices, found, withDegradation(found, { source: 'alarm', refusal }), at);
}

/** A release that was just committed: alarms raised since its switch, and not resolved, count as those that follow. */
export async function degradeByOpenAlarms(slices: Slices, committed: Deployment, at: Instant): Promise<void> {
  const { robot, component, deployment } = committed;
  if (!(await isJudged(slices, committed))) return;
  const open = await slices.alarms.list({ states: ['open', 'acknowledged'], robot }, { limit: MOST_ALARMS });
  const ofComponent = open.filter(({ refusal }) => refusal.component === component);
  if (ofComponent.length === 0) return;
  const events = await slices.deployments.events(deployment);
  const switchedAt = events.findLast(({ state }) => state === 'switching')?.at ?? committed.part?.grantedAt ?? at;
  const next = ofComponent
    .filter(({ lastSeen }) => fromTimestamp(lastSeen) >= switchedAt)
    .reduce((found, { refusal }) => withDegradation(found, { source: 'alarm', refusal }), committed);
  await saveHealth(slices, committed, next, at);
}

const MOST_ALARMS = 100;

/** Whether the stage of its rollout still runs or soaks. */
async function isJudged({ rollouts }: Slices, { part }: Deployment): Promise<boolean> {
  const rollout = part && (await rollouts.find(part.rollout));
  if (!rollout || hasEnded(rollout.state) || part.stage === undefined) return false;
  const state = rollout.stages[part.stage]?.state;
  return state === 'running' || state === 'soaking';
}

/** The robot reported the end of an alarm of a component. */
export async function recoverFromAlarm(
  slices: Slices,
  robot: RobotId,
  { component, element, category }: Event<'alarm-resolved'>,
  at: Instant,
): Promise<HealthChange> {
  const found = await orderedOf(slices, robot, component);
  if (!found) return UNCHANGED;
  return saveHealth(slices, found, withoutDegradation(found, isOfAlarm({ element, category })), at);
}

/**
 * An alarm was resolved although its robot reported no end: its findings end with it, so that the alarm and the deployment
 * never contradict each other. An alarm of a health check is the same condition as the failed health of its component.
 */
export async function endFindings(
  slices: Slices,
  { robot, refusal: alarm }: Pick<Alarm, 'robot' | 'refusal'>,
  { at: now, by }: { readonly at: Instant; readonly by: string },
): Promise<HealthChange> {
  const found = await orderedOf(slices, robot, alarm.component);
  if (!found) return UNCHANGED;
  const isSameAlarm = isOfAlarm(alarm);
  const isOver = (finding: Degradation): boolean =>
    isSameAlarm(finding) || (finding.source === 'health' && isOfHealthCheck(alarm));
  return saveHealth(slices, found, withoutDegradation(found, isOver), notBefore(found, now), by);
}

const isOfAlarm =
  ({ element, category }: Pick<Refusal, 'element' | 'category'>) =>
  ({ source, refusal }: Degradation): boolean =>
    source === 'alarm' && refusal.element === element && refusal.category === category;

/** Whether it is the alarm of a health check after the commit, whose state check-ins carry. */
export const isOfHealthCheck = ({ phase, component }: Refusal): boolean =>
  phase === 'monitor' && component !== undefined;

export const unhealthy = ({ robot, component, version }: Deployment): Refusal => ({
  phase: 'monitor',
  component,
  element: `${component}@${version}`,
  category: 'unhealthy',
  detail: `${robot} reports ${component}@${version} as unhealthy since its commit.`,
  retryable: true,
  hint: `Ask the robot: fairlead-agent explain, or roll back: fairlead rollback --robot ${robot}`,
});
