/** A rollout starts: its members are fixed, in pieces that never hold up a check-in. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import { changeRollout } from './change-rollout.ts';
import { judgeMembers, robotsMeant } from './find-members.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { supersede } from './supersede.ts';

const PIECE = 250;

/** A crash in the middle repeats it: members that are there already stay as they are. */
export async function startRollout(deps: RolloutDeps, rollout: Rollout, now: Instant): Promise<void> {
  await takeIn(deps, rollout);
  await deps.store.transaction(async (slices) => {
    const { members, excluded } = await slices.rollouts.countMembers(rollout.rollout);
    const detail = `${members === 1 ? '1 robot takes' : `${members} robots take`} part${excluded > 0 ? `, ${excluded} left out` : ''}`;
    const change = { state: 'running', startedAt: now, members, excluded } as const;
    await changeRollout(slices, rollout, change, now, { by: 'control-plane', what: 'started', detail });
  });
}

/** Adds every robot that the target means now and that does not take part yet. Answers how many came. */
export async function takeIn(deps: RolloutDeps, rollout: Rollout): Promise<number> {
  const { store } = deps;
  const robots = await robotsMeant(deps, store, rollout);
  let came = 0;
  for (let at = 0; at < robots.length; at += PIECE) {
    const members = await judgeMembers(deps, store, rollout, robots.slice(at, at + PIECE));
    came += await store.transaction((slices) => slices.rollouts.addMembers(rollout.rollout, members));
    await breathe();
  }
  return came;
}

/**
 * An older rollout of the component has nothing left to do where this one takes every robot that it still had. One that
 * shares only some of its robots goes on, or still starts, for the others. A crash in the middle repeats it.
 */
export async function supersedeOlder(deps: RolloutDeps, rollout: Rollout, now: Instant): Promise<void> {
  const { component, environment, priority } = rollout.spec;
  for (const older of await deps.store.rollouts.active()) {
    if (older.rollout === rollout.rollout || older.createdAt > rollout.createdAt) continue;
    const { spec } = older;
    if (spec.component !== component || spec.environment !== environment || spec.priority > priority) continue;
    if (!(await takesAllOf(deps, rollout, older))) continue;
    await supersede(deps, older, rollout, now);
  }
}

/** Before its start an older rollout has no members yet: its robots are those that it would take now. */
async function takesAllOf(deps: RolloutDeps, newer: Rollout, older: Rollout): Promise<boolean> {
  const { rollouts } = deps.store;
  if (older.startedAt !== undefined) return rollouts.takesAllOf(newer.rollout, older.rollout);
  const robots = await robotsMeant(deps, deps.store, older);
  for (const { robot } of robots) {
    const member = await rollouts.member(newer.rollout, robot);
    if (!member || member.excluded) return false;
    await breathe();
  }
  return robots.length > 0;
}
