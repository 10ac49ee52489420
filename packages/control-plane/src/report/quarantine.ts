/** Two machines speak with one robot's key (TRUST 4.11): neither is told anything until a person has looked. */
import type { Refusal } from '@fairlead/shared/failure';
import { advance } from '@fairlead/shared/fleet/deployment';
import type { Instant } from '@fairlead/shared/time';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';

/** Whether two machines were seen to speak with its key: what either says of its releases is not believed. */
export const isCloned = (robot: RobotRecord): robot is RobotRecord & { readonly quarantined: Refusal } =>
  robot.quarantined?.category === 'fork';

/** Sets the robot apart and ends its unfinished deployments; answers why. Doing it twice is as good as once. */
export async function quarantine(slices: Slices, robot: RobotRecord, seq: number, now: Instant): Promise<Refusal> {
  if (isCloned(robot)) return robot.quarantined;
  const refusal: Refusal = {
    phase: 'report',
    element: robot.robot,
    category: 'fork',
    detail: `Report ${seq} contradicts what came before in its name: two machines use the key of ${robot.robot}.`,
    retryable: false,
    hint: `Find the copy (a cloned disk?), then run fairlead robot decommission ${robot.robot} and enrol with a new key.`,
  };
  await slices.robots.save({ ...robot, quarantined: refusal });
  const { deployments } = await slices.desired.of(robot.robot);
  await slices.desired.raise(robot.robot);
  for (const deployment of deployments) {
    const state = advance(deployment.state, 'quarantined');
    if (state === deployment.state) continue;
    const event = { at: now, state, by: 'control-plane', refusal };
    await slices.deployments.save({ ...deployment, state, endedAt: now, refusal }, event);
  }
  return refusal;
}
