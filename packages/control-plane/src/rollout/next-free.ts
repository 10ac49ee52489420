/**
 * Whose turn is next, and who keeps those whose turn it is: robots with an unfinished order of more weight are passed
 * over, however many they are, so that a rollout that stands still does not keep those it has nothing to do with.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Refusal } from '@fairlead/shared/failure';
import { isFulfilled } from '@fairlead/shared/fleet/deployment';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import type { Deployment } from '../store/deployments.ts';
import type { Member } from '../store/rollouts.ts';
import type { Slices } from '../store/store.ts';
import { undoneOn } from './undoing.ts';

/** Mostly the very next ones are free; where they are not, a look goes on in larger steps. */
const LARGEST_PAGE = 500;

export interface NextFree {
  /** Earlier stages first, then by rank. */
  readonly members: readonly Member[];
  /** How many were looked at. */
  readonly looked: number;
  /** Rollouts that keep those who were passed over. */
  readonly keepers: readonly Rollout[];
  /** Of those who were passed over, some that others have kept since before `keptBefore`. */
  readonly keptTooLong: readonly Member[];
}

/** The first `limit` robots that wait for their order and that no other one keeps. Reads only. */
export async function nextFree(
  slices: Slices,
  rollout: Rollout,
  limit: number,
  keptBefore: Instant = -Infinity,
): Promise<NextFree> {
  const others: Others = new Map();
  const keepers = new Map<RolloutId, Rollout>();
  const members: Member[] = [];
  const keptTooLong: Member[] = [];
  let looked = 0;
  let size = Math.min(limit, LARGEST_PAGE);
  for (let after: Member | undefined; members.length < limit; await breathe()) {
    const page = await slices.rollouts.unplaced(rollout.rollout, { after, limit: size });
    const standing = await slices.desired.named(page.map(({ robot }) => robot));
    looked += page.length;
    for (const member of page) {
      const kept = await keeperOf(slices, rollout, standing.get(member.robot) ?? [], others);
      if (kept === undefined && members.length < limit) members.push(member);
      if (kept && kept.by !== 'a person') keepers.set(kept.by.rollout, kept.by);
      if (kept && kept.since < keptBefore && keptTooLong.length < limit) keptTooLong.push(member);
    }
    after = page.at(-1);
    if (page.length < size) break;
    size = Math.min(size * 4, LARGEST_PAGE);
  }
  return { members, looked, keepers: [...keepers.values()], keptTooLong };
}

interface Kept {
  readonly by: Rollout | 'a person';
  /** When the order was placed that keeps the robot. */
  readonly since: Instant;
}

/** Rollouts that keep robots, read once for a whole look: they are few, and their robots many. */
export type Others = Map<RolloutId, Rollout | undefined>;

export async function isKept(slices: Slices, rollout: Rollout, robot: RobotId, others: Others): Promise<boolean> {
  const { deployments } = await slices.desired.of(robot);
  return (await keeperOf(slices, rollout, deployments, others)) !== undefined;
}

/**
 * The order that the robot fulfilled and that was placed after this rollout was created: a newer order is not
 * overwritten by an older one.
 */
export async function newerOrder(
  slices: Slices,
  rollout: Rollout,
  robot: RobotId,
  others: Others,
): Promise<Deployment | undefined> {
  const { deployments } = await slices.desired.of(robot);
  const standing = deployments.find(({ component }) => component === rollout.spec.component);
  if (!standing || !isFulfilled(standing.state)) return undefined;
  // The server repaired a difference by itself: no person ordered another release.
  if (standing.repairs !== undefined) return undefined;
  const id = standing.part?.rollout;
  if (id === rollout.rollout) return undefined;
  if (id !== undefined && !others.has(id)) others.set(id, await slices.rollouts.find(id));
  const wantedAt = id === undefined ? standing.createdAt : others.get(id)?.createdAt;
  return wantedAt !== undefined && wantedAt > rollout.createdAt ? standing : undefined;
}

/** An unfinished order of more weight goes first; one of less gives way to this. A direct order is a person's word. */
async function keeperOf(
  slices: Slices,
  rollout: Rollout,
  deployments: readonly Deployment[],
  others: Others,
): Promise<Kept | undefined> {
  const standing = deployments.find(({ component }) => component === rollout.spec.component);
  if (!standing || isTerminal(standing.state) || standing.part?.rollout === rollout.rollout) return undefined;
  const since = standing.createdAt;
  if (!standing.part) {
    // The server ordered the undone release again by itself: that is no person's wish.
    const isRepair = standing.repairs !== undefined;
    if (isRepair && (await undoneOn(slices, rollout, standing.robot)) === standing.manifestSha256) return undefined;
    return since >= rollout.createdAt ? { by: 'a person', since } : undefined;
  }
  const id = standing.part.rollout;
  if (!others.has(id)) others.set(id, await slices.rollouts.find(id));
  const other = others.get(id);
  if (!other) return undefined;
  const more = other.spec.priority - rollout.spec.priority;
  return more > 0 || (more === 0 && other.createdAt > rollout.createdAt) ? { by: other, since } : undefined;
}

/** Why none of the robots that are next can be given its order. */
export function nobodyFree({ rollout, spec }: Rollout, keepers: readonly Rollout[]): Refusal {
  const named = keepers.slice(0, 3).map((keeper) => `${keeper.rollout} (${keeper.state})`);
  const more = keepers.length > named.length ? ` and ${keepers.length - named.length} more` : '';
  const by = named.length === 0 ? '' : `: ${named.join(', ')}${more}`;
  const still = keepers.find(({ state }) => state === 'paused' || state === 'halted');
  return {
    phase: 'assign',
    component: spec.component,
    element: rollout,
    category: 'kept_by_others',
    detail: `The robots that are next are busy with other orders of this component${by}.`,
    retryable: true,
    hint: still
      ? `Let the other one go on, or end it: fairlead rollout show ${still.rollout}`
      : 'It goes on when those have ended; a higher priority would go first.',
  };
}
