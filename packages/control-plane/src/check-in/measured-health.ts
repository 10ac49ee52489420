/** What a check-in states about the health of one component. */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { HealthState } from '@fairlead/shared/health/component-health';
import { isOfHealthCheck } from '../report/apply-health.ts';
import type { RobotFacts } from '../store/presence.ts';

/**
 * `not-monitored`: the robot does not have the component any more, or does not check its release. During an update nothing
 * is monitored for a while, so that the health is `unknown` then.
 */
export function measuredHealth(
  reported: ComponentState | undefined,
  { activity }: Pick<RobotFacts, 'activity'>,
): HealthState | 'not-monitored' {
  if (reported?.health) return reported.health.state;
  return activity === undefined || activity.state === 'idle' ? 'not-monitored' : 'unknown';
}

/** Whether the last check-in states the condition of this alarm: then it has not ended. */
export function isMeasured(alarm: Refusal, facts: RobotFacts): boolean {
  const reported = facts.components?.find(({ component }) => component === alarm.component);
  return isOfHealthCheck(alarm) && measuredHealth(reported, facts) === 'degraded';
}
