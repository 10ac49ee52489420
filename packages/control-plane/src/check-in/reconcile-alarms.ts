/**
 * Compares the open health alarms of a robot with the health that its check-in states. Reports do this as a rule; where
 * they were lost (the queue of reports, or a database restored from a backup), the check-in ends what the robot does not
 * measure any more, and raises what the control plane does not have.
 */
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { ComponentName, RobotId, RolloutId } from '@fairlead/shared/ids';
import { fromTimestamp, type Instant, MINUTE } from '@fairlead/shared/time';
import { alarmId } from '../alarms/apply-alarm.ts';
import { isSince } from '../fleet/observed-at.ts';
import { endFindings, isOfHealthCheck } from '../report/apply-health.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Slices } from '../store/store.ts';
import { measuredHealth } from './measured-health.ts';
import type { RecordHealthDeps } from './record-health.ts';

/** Answers the rollouts whose counts it changed. */
export type ReconcileAlarms = (robot: RobotId, facts: RobotFacts, now: Instant) => Promise<readonly RolloutId[]>;

/** A check-in that states the same as the last one reads nothing before that. */
const LOOK_AGAIN_MS = 2 * MINUTE;
const UNRESOLVED = { states: ['open', 'acknowledged'] } as const;
const MOST_ALARMS = 500;

export function reconcileAlarms({ store, mayChange }: Pick<RecordHealthDeps, 'store' | 'mayChange'>): ReconcileAlarms {
  const looks = new Map<RobotId, { readonly stated: string; readonly at: Instant }>();

  const isNew = (robot: RobotId, facts: RobotFacts, now: Instant): boolean => {
    const stated = (facts.components ?? []).map((each) => `${each.component} ${measuredHealth(each, facts)}`).join();
    const last = looks.get(robot);
    if (last?.stated === stated && Math.abs(now - last.at) < LOOK_AGAIN_MS) return false;
    looks.set(robot, { stated, at: now });
    return true;
  };

  return async (robot, facts, now) => {
    // Reports on their way state the same more exactly.
    if (!facts.components || facts.unsentReports !== 0 || !isNew(robot, facts, now)) return [];
    if (!(await differ(store, robot, facts, now)) || !mayChange(robot)) return [];
    return store.transaction(async (slices) => {
      const { ended, missing } = await differencesOf(slices, robot, facts, now);
      const rollouts: RolloutId[] = [];
      for (const alarm of ended) {
        const resolution = { at: now, by: robot, how: 'check-in' } as const;
        await slices.alarms.resolve(alarm.id, resolution);
        rollouts.push(...(await endFindings(slices, alarm, resolution)).rollouts);
      }
      for (const { component, health } of missing) {
        if (!health?.refusal) continue;
        const id = alarmId(`${robot} ${component} check-in`, now);
        await slices.alarms.raise({ id, robot, refusal: health.refusal, at: now });
      }
      return rollouts;
    });
  };
}

async function differ(slices: Slices, robot: RobotId, facts: RobotFacts, now: Instant): Promise<boolean> {
  const { ended, missing } = await differencesOf(slices, robot, facts, now);
  return ended.length + missing.length > 0;
}

async function differencesOf({ alarms }: Slices, robot: RobotId, facts: RobotFacts, now: Instant) {
  const unresolved = await alarms.list({ ...UNRESOLVED, robot }, { limit: MOST_ALARMS });
  const open = unresolved.filter(({ refusal }) => isOfHealthCheck(refusal));
  const components = facts.components ?? [];
  const stateOf = (component: string | undefined) =>
    measuredHealth(
      components.find((each) => each.component === component),
      facts,
    );
  const isEnded = (component: string | undefined) => ['healthy', 'not-monitored'].includes(stateOf(component));
  // It was raised after the robot described itself so: the check-in came late.
  const isNewer = (lastSeen: string) => isSince(facts.observedAt, fromTimestamp(lastSeen), now);
  // Its first alarm stays open while a component is degraded, also where another check fails meanwhile.
  const hasAlarm = (component: ComponentName) => open.some(({ refusal }) => refusal.component === component);
  return {
    ended: open.filter(({ refusal, lastSeen }) => isEnded(refusal.component) && !isNewer(lastSeen)),
    missing: components.filter(isDegraded).filter(({ component }) => !hasAlarm(component)),
  };
}

/** Whether the alarm of its health check is open on the robot. */
const isDegraded = ({ component, health }: ComponentState): boolean =>
  health?.state === 'degraded' && health.refusal !== undefined && health.refusal.component === component;
