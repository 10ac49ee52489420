/** A rollout ends before its last stage has passed: nothing new is ordered, and what has not switched is withdrawn. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { DeploymentId, RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import { withdraw } from '../assign/withdraw.ts';
import { changeRollout } from './change-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';

export interface Ending {
  readonly state: 'aborted' | 'superseded';
  readonly by: string;
  /** One sentence, kept in the history of rollout and robots. */
  readonly why: string;
  readonly now: Instant;
  readonly followedBy?: RolloutId;
}

export async function endRollout(deps: RolloutDeps, rollout: Rollout, ending: Ending): Promise<Rollout> {
  const { state, by, why, now, followedBy } = ending;
  const change = { state, endedAt: now, ...(followedBy !== undefined && { followedBy }) };
  const happening = { by, what: state, detail: why };
  // First the word that binds: from here on no check-in is told anything of it. Then the tidying up, in pieces.
  const ended = await deps.store.transaction((slices) => changeRollout(slices, rollout, change, now, happening));
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
