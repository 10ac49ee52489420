/** The facts of one rollout, for one decision: a few rows that are counted already, however many robots there are. */
import type { RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { RolloutFacts } from '@fairlead/shared/rollout/rollout-facts';
import { NO_TALLY, outcomesOf } from '@fairlead/shared/rollout/tally';
import type { Instant } from '@fairlead/shared/time';
import type { CountedStage } from '../store/kysely-tallies.ts';
import type { Slices } from '../store/store.ts';
import { mayTimeOut } from './deadline.ts';
import { judgeConditions } from './judge-conditions.ts';
import type { RolloutDeps } from './rollout-deps.ts';

export interface ReadFacts extends RolloutFacts {
  readonly tallies: ReadonlyMap<number, CountedStage>;
}

type FactDeps = Pick<RolloutDeps, 'rules' | 'metricOf' | 'soak' | 'startedAt'>;

/** Undefined where there is no such rollout. */
export async function readFacts(
  deps: FactDeps,
  slices: Slices,
  id: RolloutId,
  now: Instant,
): Promise<ReadFacts | undefined> {
  const rollout = await slices.rollouts.find(id);
  if (!rollout) return undefined;
  return factsOf(deps, slices, rollout, now);
}

export async function factsOf(deps: FactDeps, slices: Slices, rollout: Rollout, now: Instant): Promise<ReadFacts> {
  const id = rollout.rollout;
  const tallies = await slices.rollouts.tallies(id);
  const present = tallies.get(rollout.stage);
  const { maxStaging } = deps.rules();
  const conditions = await judgeConditions(deps, slices, rollout, present);
  const observed = await deps.soak.look(slices, rollout, present ?? NO_TALLY, now);
  const nextDeadline = rollout.state === 'running' ? await slices.rollouts.nextDeadline(id) : undefined;
  const isOverdue = nextDeadline !== undefined && nextDeadline <= now;
  return {
    rollout,
    now,
    tallies,
    tally: present ?? NO_TALLY,
    unplaced: present?.unplaced ?? 0,
    behind: behindOf(rollout, tallies),
    earlier: rollout.stages.slice(0, rollout.stage).map((_, index) => tallies.get(index) ?? NO_TALLY),
    ...observed,
    overdue: isOverdue && mayTimeOut(deps.startedAt, now) ? await slices.rollouts.countOverdue(id, now) : 0,
    ...(nextDeadline !== undefined && { nextDeadline }),
    stagingRoom: maxStaging === Infinity ? Infinity : Math.max(0, maxStaging - (await slices.rollouts.staging())),
    ...(conditions && { conditions }),
  };
}

function behindOf({ stage }: Rollout, tallies: ReadonlyMap<number, CountedStage>): RolloutFacts['behind'] {
  const behind = { open: 0, ready: 0, granted: 0, unplaced: 0 };
  for (const [index, tally] of tallies) {
    if (index >= stage) continue;
    behind.open += outcomesOf(tally).open;
    behind.ready += tally.ready;
    behind.granted += tally.granted;
    behind.unplaced += tally.unplaced;
  }
  return behind;
}
