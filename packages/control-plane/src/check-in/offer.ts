/** Reads what a robot is to be told now, and records what it is told for the first time. */
import { advance, isOrdered } from '@fairlead/shared/fleet/deployment';
import type { Instant } from '@fairlead/shared/time';
import { withdrawForeign } from '../assign/withdraw.ts';
import type { Desired } from '../store/desired.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices, Store } from '../store/store.ts';

/** `offered` is durable before the answer leaves; a check-in that brings nothing new writes nothing. */
export async function offer(store: Store, robot: RobotRecord, knownSeq: number, now: Instant): Promise<Desired> {
  const seen = await store.desired.of(robot.robot);
  if (!needsWriting(seen, robot, knownSeq)) return seen;
  return store.transaction(async (slices) => {
    // The database was restored from a backup: go on above what the robot has obeyed, or it refuses us for ever.
    const { generation } = await slices.desired.of(robot.robot);
    if (knownSeq > generation) await slices.desired.raise(robot.robot, knownSeq + 1);
    await withdrawForeign(slices, robot, now);
    await markOffered(slices, robot, now);
    return slices.desired.of(robot.robot);
  });
}

const needsWriting = ({ generation, deployments }: Desired, robot: RobotRecord, knownSeq: number): boolean =>
  knownSeq > generation ||
  deployments.some(({ state, environment }) => state === 'pending' || environment !== robot.environment);

async function markOffered({ desired, deployments }: Slices, { robot }: RobotRecord, now: Instant): Promise<void> {
  for (const deployment of (await desired.of(robot)).deployments) {
    if (!isOrdered(deployment.state)) continue;
    const state = advance(deployment.state, 'offered');
    if (state === deployment.state) continue;
    await deployments.save({ ...deployment, state }, { at: now, state, by: 'control-plane' });
  }
}
