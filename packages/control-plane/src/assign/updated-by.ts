/**
 * The robots that a rollout brought to its release and that run it still. A robot that went back since, by another
 * order or by itself, has nothing to undo: its previous release is the very one that is being undone.
 */
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { RobotFacts } from '../store/presence.ts';
import type { Slices } from '../store/store.ts';
import { activeOf } from './judge-order.ts';

export async function stillRunning(
  { rollouts }: Pick<Slices, 'rollouts'>,
  rollout: RolloutId,
  factsOf: (robot: RobotId) => RobotFacts,
): Promise<readonly RobotId[]> {
  const updated = await rollouts.updatedBy(rollout);
  return updated.flatMap(({ robot, component, manifestSha256, hasSucceeded }) => {
    const runs = activeOf(factsOf(robot), component)?.manifestSha256;
    // In the middle of its switch it says what it ran before; and who never said what it runs, runs what it reported.
    return !hasSucceeded || runs === undefined || runs === manifestSha256 ? [robot] : [];
  });
}
