/** A rollout ends before its last stage has passed: nothing new is ordered, and what has not switched is withdrawn. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Refusal } from '@fairlead/shared/failure';
import type { DeploymentId, RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import { withdraw } from '../assign/withdraw.ts';
import type { Slices } from '../store/store.ts';
import { changeRollout } from './change-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';

export interface Ending {
  readonly state: 'aborted' | 'superseded';
  readonly by: string;
  /** One sentence, kept in the history of rollout and robots. */
  readonly why: string;
  readonly now: Instant;
  readonly followedBy?: RolloutId;
  /** Shown where the rollout is shown. */
  readonly stopped?: Refusal;
  /** Written together with the end. */
  readonly inTransaction?: (slices: Slices) => Promise<void>;
}

export async function endRollout(deps: RolloutDeps, rollout: Rollout, ending: Ending): Promise<Rollout> {
  const { state, by, why, now, followedBy, stopped } = ending;
  const change = {
    state,
    endedAt: now,
    ...(followedBy !== undefined && { followedBy }),
    ...(stopped && { stopped: { by, at: now, why: stopped } }),
  };
  const happening = { by, what: state, detail: why };
  // First the word that binds: from here on no check-in is told anything of it. Then the tidying up, in pieces.
  const ended = await deps.store.transaction(async (slices) => {
    const changed = await changeRollout(slices, rollout, change, now, happening);
    await ending.inTransaction?.(slices);
    return changed;
  });
  await withdrawOpen(deps, rollout.rollout, ending);
  return ended;
}

const PIECE = 50;

/** Withdraws what has not switched. Done again after a crash, it goes on where it was. */
export async function withdrawOpen(
  deps: RolloutDeps,
  rollout: RolloutId,
  { by, why, now }: Pick<Ending, 'by' | 'why' | 'now'>,
): Promise<void> {
  for (let after: DeploymentId | undefined; ; ) {
    const { robots, last } = await deps.store.transaction(async (slices) => {
      const open = await slices.rollouts.open(rollout, { after, limit: PIECE });
      const told: RobotId[] = [];
      for (const deployment of open)
        if (await withdraw(slices, deployment, { by, now, why })) told.push(deployment.robot);
      return { robots: told, last: open.at(-1)?.deployment };
    });
    deps.wake(robots);
    if (last === undefined) return;
    after = last;
    await breathe();
  }
}

const ENDED_EARLY = ['aborted', 'superseded'] as const;
const NEWEST = 200;

/** Orders that a process which died in the middle of an end left open: withdraws what has not switched. */
export async function withdrawLeftOpen(deps: RolloutDeps, now: Instant): Promise<void> {
  for (const state of ENDED_EARLY) {
    for (const { rollout, stopped } of await deps.store.rollouts.list({ state }, { limit: NEWEST })) {
      if ((await deps.store.rollouts.open(rollout, { limit: 1 })).length === 0) continue;
      await withdrawOpen(deps, rollout, { by: stopped?.by ?? 'control-plane', now, why: `Its rollout was ${state}.` });
    }
  }
}
