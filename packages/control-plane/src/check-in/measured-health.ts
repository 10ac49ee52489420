/** What a check-in states about the health of one component. */
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { HealthState } from '@fairlead/shared/health/component-health';
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
