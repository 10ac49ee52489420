/** The rollback that undoes a rollout, and a rollback that brings the same robots back already. */
import { isDeepStrictEqual } from 'node:util';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId, Sha256 } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { RolloutSpec } from '@fairlead/shared/rollout/rollout-spec';
import { hasPassedAllStages, type RolloutState } from '@fairlead/shared/rollout/states';
import { undoingOf, undoneBy } from '../assign/undone-release.ts';
import { stillRunning } from '../assign/updated-by.ts';
import type { Slices } from '../store/store.ts';
import { robotsMeant } from './find-members.ts';
import type { RolloutDeps } from './rollout-deps.ts';

type Undoing = Pick<Rollout, 'undoes' | 'spec'>;
type FactsDeps = Pick<RolloutDeps, 'factsOf'>;
/** Digest of the release that a rollback undoes on this robot; undefined where it undoes no rollout. */
export async function undoneOn(
  { rollouts, deployments }: Pick<Slices, 'rollouts' | 'deployments'>,
  undoing: Undoing,
  robot: RobotId,
): Promise<Sha256 | undefined> {
  const undone = undoneBy(undoing);
  const member = undone && (await rollouts.member(undone, robot));
  const deployment = member?.deployment && (await deployments.find(member.deployment));
  return deployment?.manifestSha256;
}

/** The undoing of this rollout that a second request joins: one in progress, or one that has nothing left to do. */
export async function undoingToJoin(deps: FactsDeps, slices: Slices, undone: Rollout): Promise<Rollout | undefined> {
  const undoing = await undoingOf(slices, undone);
  if (!undoing || !hasPassedAllStages(undoing.state)) return undoing;
  const left = await stillRunning(slices, undone.rollout, deps.factsOf);
  const orders = await slices.desired.named(left);
  const isOnItsWay = (robot: RobotId) =>
    (orders.get(robot) ?? []).some(
      ({ component, kind, state }) => component === undone.spec.component && kind === 'rollback' && !isTerminal(state),
    );
  return left.every(isOnItsWay) ? undoing : undefined;
}

const IN_PROGRESS: readonly RolloutState[] = ['scheduled', 'running'];
const PAGE = 500;

/** A rollback in progress that does what is asked for: the same way back, in the same stages, for all of these robots. */
export async function rollbackToJoin(
  deps: FactsDeps,
  slices: Slices,
  spec: RolloutSpec,
  /** The rollout whose robots the target means. */
  undone: Rollout | undefined,
): Promise<Rollout | undefined> {
  const undoing = undone && (await undoingToJoin(deps, slices, undone));
  if (undoing) return undoing;
  for (const other of await slices.rollouts.active()) {
    if (!IN_PROGRESS.includes(other.state) || !isSameWayBack(other.spec, spec)) continue;
    const wanted = await robotsMeant(deps, slices, { spec });
    const taken = await robotsOf(deps, slices, other);
    if (wanted.length > 0 && wanted.every(({ robot }) => taken.has(robot))) return other;
  }
  return undefined;
}

const isSameWayBack = (one: RolloutSpec, other: RolloutSpec): boolean =>
  one.kind === 'rollback' &&
  one.component === other.component &&
  one.environment === other.environment &&
  one.version === other.version &&
  isDeepStrictEqual(one.stages, other.stages) &&
  one.strategy === other.strategy &&
  isDeepStrictEqual(one.emergency?.skips, other.emergency?.skips);

/** Those that take part; before the start, those that would now. */
async function robotsOf(deps: FactsDeps, slices: Slices, rollout: Rollout): Promise<ReadonlySet<RobotId>> {
  if (rollout.startedAt === undefined) {
    return new Set((await robotsMeant(deps, slices, rollout)).map(({ robot }) => robot));
  }
  const robots = new Set<RobotId>();
  for (let after: RobotId | undefined; ; ) {
    const page = await slices.rollouts.members(rollout.rollout, { excluded: false }, { after, limit: PAGE });
    for (const { robot } of page) robots.add(robot);
    after = page.at(-1)?.robot;
    if (page.length < PAGE) return robots;
  }
}
