/**
 * The robots that a rollout brought to its release, or allowed to switch to it, and that may run it still. A robot that
 * went back since, by another order or by itself, has nothing to undo: its previous release is the one being undone.
 */
import { DEPLOYMENT, isCommitted } from '@fairlead/shared/fleet/deployment';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId, RolloutId, Sha256 } from '@fairlead/shared/ids';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Updated } from '../store/rollouts.ts';
import type { Slices } from '../store/store.ts';
import { activeOf } from './judge-order.ts';

const PAGE = 500;

export async function stillRunning(
  { rollouts, desired }: Pick<Slices, 'rollouts' | 'desired'>,
  rollout: RolloutId,
  factsOf: (robot: RobotId) => RobotFacts,
): Promise<readonly RobotId[]> {
  const updated = await rollouts.updatedBy(rollout);
  const found: RobotId[] = [];
  for (let at = 0; at < updated.length; at += PAGE) {
    const some = updated.slice(at, at + PAGE);
    const orders = await desired.named(some.map(({ robot }) => robot));
    for (const attempt of some) {
      const { robot, component } = attempt;
      const standing = orders.get(robot)?.find((order) => order.component === component);
      if (mayRun(attempt, standing, activeOf(factsOf(robot), component)?.manifestSha256)) found.push(robot);
    }
  }
  return found;
}

/** What a robot reported last may be older than its switch: only a newer result of the robot itself clears it. */
function mayRun(attempt: Updated, standing: Deployment | undefined, runs: Sha256 | undefined): boolean {
  if (runs === attempt.manifestSha256) return true;
  const isNewer = standing !== undefined && standing.deployment !== attempt.deployment;
  const wentElsewhere = isNewer && isTerminal(standing.state) && isResultOfRobot(standing);
  if (isCommitted(attempt.state)) {
    // Without an order it was rolled back at the robot itself.
    return runs === undefined ? !wentElsewhere : standing !== undefined && !wentElsewhere;
  }
  return !isResultOfRobot(attempt) && !wentElsewhere;
}

/** The final states of the highest rank are what the robot itself reported or measured. */
const isResultOfRobot = ({ state }: Pick<Deployment, 'state'>): boolean =>
  DEPLOYMENT[state].rank >= DEPLOYMENT.succeeded.rank;
