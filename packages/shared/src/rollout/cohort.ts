/**
 * Who goes first. A robot's rank is a hash, so cohorts are fair, need no memory, and are the same again when the same
 * release is rolled out again; another release tries other robots first. Membership is fixed when a stage starts.
 */
import type { RobotId } from '../ids.ts';
import { sha256Hex } from '../trust/digest.ts';
import type { Reach, RolloutSpec } from './rollout-spec.ts';

/** 0 to 2^48 - 1, evenly spread. */
export const rankOf = (seed: string, robot: RobotId): number =>
  Number.parseInt(sha256Hex(`${seed}:${robot}`).slice(0, 12), 16);

export const seedOf = ({ seed, component, version }: Pick<RolloutSpec, 'seed' | 'component' | 'version'>): string =>
  seed ?? `${component}@${version ?? 'previous'}`;

/**
 * How many of those not placed yet a stage takes, where it reaches by number: `members` in the whole target,
 * `placed` in earlier stages. A canary of 1 % of 20 robots is one robot and not none.
 */
export function sizeOfStage(upTo: Exclude<Reach, { selector: string }>, members: number, placed: number): number {
  const reach = 'count' in upTo ? upTo.count : Math.ceil((members * upTo.percent) / 100);
  return Math.max(0, Math.min(reach, members) - placed);
}
