/** Reads what a robot is to be told now, and records what it is told for the first time. */
import { advance, isOrdered } from '@fairlead/shared/fleet/deployment';
import type { Instant } from '@fairlead/shared/time';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { withdrawForeign } from '../assign/withdraw.ts';
import type { Desired } from '../store/desired.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices, Store } from '../store/store.ts';
import type { Held } from './holds.ts';

/** `offered` is durable before the answer leaves; a check-in that brings nothing new writes nothing. */
export async function offer(
  store: Store,
  robot: RobotRecord,
  seen: Desired,
  { knownSeq, isWithheld, now }: { knownSeq: number; isWithheld: Held['isWithheld']; now: Instant },
): Promise<Desired> {
  if (!needsWriting(seen, robot, knownSeq, isWithheld)) return seen;
  return store.transaction(async (slices) => {
    // The database was restored from a backup: go on above what the robot has obeyed, or it refuses us for ever.
    const { generation } = await slices.desired.of(robot.robot);
    if (isAhead(knownSeq, generation)) await slices.desired.raise(robot.robot, knownSeq + 1);
    await withdrawForeign(slices, robot, now);
    await markOffered(slices, robot, knownSeq, isWithheld, now);
    return slices.desired.of(robot.robot);
  });
}

/** A number that no lost orders explain is a lie: believed, it would leave no number for the orders to come. */
const isAhead = (knownSeq: number, generation: number): boolean =>
  knownSeq > generation && knownSeq - generation <= LIMITS.seqJump;

const needsWriting = (
  { generation, deployments }: Desired,
  robot: RobotRecord,
  knownSeq: number,
  isWithheld: Held['isWithheld'],
): boolean =>
  isAhead(knownSeq, generation) ||
  deployments.some(
    (deployment) =>
      (deployment.state === 'pending' && !isWithheld(deployment)) || deployment.environment !== robot.environment,
  );

async function markOffered(
  { desired, deployments }: Slices,
  { robot }: RobotRecord,
  knownSeq: number,
  isWithheld: Held['isWithheld'],
  now: Instant,
): Promise<void> {
  const before = await desired.of(robot);
  const told = before.deployments.filter(({ state }) => isOrdered(state) && advance(state, 'offered') !== state);
  const fresh = told.filter((deployment) => !isWithheld(deployment));
  // It was told this seq while the order was withheld from it: with the order it is another seq.
  if (fresh.length > 0 && knownSeq >= before.generation) await desired.raise(robot);
  for (const deployment of fresh) {
    await deployments.save({ ...deployment, state: 'offered' }, { at: now, state: 'offered', by: 'control-plane' });
  }
}
