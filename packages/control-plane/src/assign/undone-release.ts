/**
 * Whether a release is undone for a robot: the rollout that a person brought it with is being undone, or was. What the control
 * plane ordered by itself since (a repair) repeats an order of a person, and is as good as that one.
 */
import { DEPLOYMENT, isSwitching } from '@fairlead/shared/fleet/deployment';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { RolloutState } from '@fairlead/shared/rollout/states';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';

type Reads = Pick<Slices, 'deployments' | 'rollouts'>;
type OfRobot = Pick<Deployment, 'robot' | 'component' | 'manifestSha256'>;

const GIVEN_UP: readonly RolloutState[] = ['denied', 'expired', 'aborted', 'superseded'];
const PAGE = 100;

/** The rollback that undoes this rollout; undefined where there is none, or it was given up. */
export async function undoingOf({ rollouts }: Pick<Slices, 'rollouts'>, undone: Rollout): Promise<Rollout | undefined> {
  const follower = undone.followedBy === undefined ? undefined : await rollouts.find(undone.followedBy);
  if (!follower || undoneBy(follower) !== undone.rollout || GIVEN_UP.includes(follower.state)) return undefined;
  return follower;
}

/** The rollout that this one undoes, the reverse of `followedBy`. A record of an older version names it only in its target. */
export const undoneBy = ({ undoes, spec: { target } }: Pick<Rollout, 'undoes' | 'spec'>) =>
  undoes ?? ('updatedBy' in target ? target.updatedBy : undefined);

interface Brought {
  readonly order: Deployment;
  /** Absent where a person ordered it of this robot directly. */
  readonly rollout?: Rollout | undefined;
}

/**
 * The newest order of a person for this release on this robot. An order of a rollout that is undone counts only where the robot
 * may have carried it out: a robot that was skipped had the release before.
 */
async function broughtBy(slices: Reads, { robot, component, manifestSha256 }: OfRobot): Promise<Brought | undefined> {
  for (let after: Deployment | undefined; ; ) {
    const page = await slices.deployments.list({ robot, component }, { after: after?.deployment, limit: PAGE });
    for (const order of page) {
      if (order.manifestSha256 !== manifestSha256 || isAutomatic(order)) continue;
      const rollout = order.part && (await slices.rollouts.find(order.part.rollout));
      if (mayHaveActed(order) || !rollout || !(await undoingOf(slices, rollout))) return { order, rollout };
    }
    if (page.length < PAGE) return undefined;
    after = page.at(-1);
  }
}

const isAutomatic = ({ createdBy, part }: Deployment): boolean => createdBy === 'control-plane' && !part;

const mayHaveActed = ({ state, part }: Deployment): boolean =>
  state !== 'skipped' &&
  (part?.grantedAt !== undefined || isSwitching(state) || DEPLOYMENT[state].rank >= DEPLOYMENT.succeeded.rank);

/** The order that this one repeats, where it repairs a difference; else this one. */
export const repairedOrder = async (slices: Reads, order: Deployment): Promise<Deployment> =>
  order.repairs === undefined ? order : ((await broughtBy(slices, order))?.order ?? order);

/** Whether only a person may order this release for the robot again. */
export async function isUndone(slices: Reads, release: OfRobot): Promise<boolean> {
  const rollout = (await broughtBy(slices, release))?.rollout;
  return rollout !== undefined && (await undoingOf(slices, rollout)) !== undefined;
}
