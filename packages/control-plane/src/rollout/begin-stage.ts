/** A stage begins: who belongs to it is fixed now, and stays so. */
import { setImmediate as breathe } from 'node:timers/promises';
import { labelsOf } from '@fairlead/shared/fleet/labels-of';
import { matches, parseSelector } from '@fairlead/shared/fleet/selector';
import { sizeOfStage } from '@fairlead/shared/rollout/cohort';
import { nameOf } from '@fairlead/shared/rollout/hold-reasons';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Reach } from '@fairlead/shared/rollout/rollout-spec';
import type { Instant } from '@fairlead/shared/time';
import { eachRobot } from '../fleet/each-robot.ts';
import { labelled } from '../fleet/labelled.ts';
import type { CountedStage } from '../store/kysely-tallies.ts';
import type { Member } from '../store/rollouts.ts';
import { changeRollout, withStage } from './change-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { supersedeOlder, takeIn } from './start-rollout.ts';

const PIECE = 500;

/**
 * Taken in pieces: a crash in between finds part of the cohort taken, and takes only what is missing. The stage runs
 * from the last write on.
 */
export async function beginStage(
  deps: RolloutDeps,
  rollout: Rollout,
  tallies: ReadonlyMap<number, CountedStage>,
  now: Instant,
): Promise<void> {
  const { store } = deps;
  const stage = rollout.spec.stages[rollout.stage];
  if (!stage) throw new Error(`rollout ${rollout.rollout} has no stage ${rollout.stage}`);
  if (rollout.stage === 0) await supersedeOlder(deps, rollout, now);
  if (rollout.spec.newRobots === 'include') await takeIn(deps, rollout);
  const { members, excluded } = await store.rollouts.countMembers(rollout.rollout);
  const taken = tallies.get(rollout.stage)?.unplaced ?? 0;
  const size = 'selector' in stage.upTo ? undefined : sizeOfStage(stage.upTo, members, placedBefore(rollout));
  const took = taken + (await takeCohort(deps, rollout, stage.upTo, size === undefined ? Infinity : size - taken));
  await store.transaction(async (slices) => {
    const change = { state: 'running', size: took, startedAt: now } as const;
    const happening = {
      by: 'control-plane',
      what: 'stage-begun',
      detail: `${nameOf(rollout, stage)}: ${took === 1 ? '1 robot' : `${took} robots`}`,
    };
    const stages = withStage(rollout, change);
    await changeRollout(slices, rollout, { members, excluded, stages }, now, happening);
  });
}

const placedBefore = ({ stage, stages }: Rollout): number =>
  stages.slice(0, stage).reduce((sum, { size }) => sum + size, 0);

async function takeCohort(deps: RolloutDeps, rollout: Rollout, upTo: Reach, atMost: number): Promise<number> {
  const { store } = deps;
  const belongs = await chooser(deps, upTo);
  let took = 0;
  for (let after: Member | undefined; took < atMost; ) {
    const found = await store.rollouts.withoutStage(rollout.rollout, { after, limit: PIECE });
    const chosen = found.filter(({ robot }) => belongs(robot)).slice(0, atMost - took);
    await store.transaction(({ rollouts }) =>
      rollouts.takeIntoStage(
        rollout.rollout,
        rollout.stage,
        chosen.map(({ robot }) => robot),
      ),
    );
    took += chosen.length;
    after = found.at(-1);
    if (found.length < PIECE) break;
    await breathe();
  }
  return took;
}

async function chooser({ store, factsOf }: RolloutDeps, upTo: Reach): Promise<(robot: string) => boolean> {
  if (!('selector' in upTo)) return () => true;
  const selector = parseSelector(upTo.selector);
  if (!selector.ok) throw new Error(`a stored selector does not parse: ${upTo.selector}`);
  const names = new Set<string>();
  for await (const robot of eachRobot(store.robots)) {
    if (matches(selector.value, labelsOf(labelled(robot, factsOf(robot.robot))))) names.add(robot.robot);
  }
  return (robot) => names.has(robot);
}
