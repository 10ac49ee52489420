/** Runs one command on a rollout. Of two at once the second is decided on what the first has left. */
import { type CommandContext, type RolloutVerb, refuseCommand } from '@fairlead/shared/rollout/command-rules';
import { changesSince, failuresOf } from '@fairlead/shared/rollout/revision';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { hasEnded } from '@fairlead/shared/rollout/states';
import { NO_TALLY } from '@fairlead/shared/rollout/tally';
import { toTimestamp } from '@fairlead/shared/time';
import { problem } from '../http/problem.ts';
import type { Slices } from '../store/store.ts';
import { changeRollout, Overtaken } from './change-rollout.ts';
import type { Commanded } from './create-rollout.ts';
import { renewedDeadline } from './deadline.ts';
import { withdrawOpen } from './end-rollout.ts';
import { orderRevert } from './order-revert.ts';
import { COMMANDS, type RolloutCommand, type Tallies } from './rollout-commands.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { undoingToJoin } from './undoing.ts';

const TRIES = 5;

/** Applies a command, records its author, and wakes the engine. `revert`: undo it as well (with abort). */
export async function runCommand(
  deps: RolloutDeps,
  verb: RolloutVerb,
  command: RolloutCommand,
  revert = false,
): Promise<Commanded> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(deps, verb, command, revert);
    } catch (error) {
      if (!(error instanceof Overtaken) || attempt >= TRIES) throw error;
    }
  }
}

async function runOnce(
  deps: RolloutDeps,
  verb: RolloutVerb,
  command: RolloutCommand,
  revert: boolean,
): Promise<Commanded> {
  const now = deps.clock.now();
  const { author, reason } = command;
  const { next, robots, joined } = await deps.store.transaction(async (slices) => {
    const found = await slices.rollouts.find(command.rollout);
    if (!found)
      throw problem('not_found', `There is no rollout ${command.rollout}.`, { hint: 'fairlead rollout list' });
    const tallies = await slices.rollouts.tallies(found.rollout);
    // A second request to undo joins the one in progress, whatever its author saw: it changes nothing.
    const isUndoing = revert || verb === 'switch-back';
    if (!isUndoing || found.followedBy === undefined) await needCurrent(slices, found, tallies, command.seen);
    const isUndone = isUndoing && (await undoingToJoin(deps, slices, found)) !== undefined;
    needAccepted(verb, found, tallies, { revert, isUndone });
    // Of two operators in one moment the second finds it aborted: robots are brought back all the same.
    const isReverted = revert && hasEnded(found.state);
    const change = isReverted ? {} : await COMMANDS[verb]({ ...command, deps, slices, found, now });
    const undoing = revert
      ? await orderRevert(deps, slices, found, 'revert', reason ?? 'aborted', now, author.name)
      : undefined;
    const happening = { by: author.name, what: PAST[verb], ...(reason !== undefined && { detail: reason }) };
    const next = await changeRollout(
      slices,
      clear(found, change),
      { ...change, ...(undoing && { followedBy: undoing.followedBy }) },
      now,
      happening,
    );
    // What robots may do has changed with the state: each gets a new assignment, above all those about to switch.
    const robots = next.state === found.state ? [] : await slices.rollouts.raiseOpen(found.rollout);
    const wasStopped = found.state === 'paused' || found.state === 'halted';
    if (wasStopped && next.state === 'running') {
      await slices.rollouts.renewDeadlines(found.rollout, renewedDeadline(found, now));
    }
    await deps.audit(slices, {
      by: author.actor,
      action: `rollout.${verb}`,
      element: found.rollout,
      detail: `${found.state} -> ${next.state}`,
      reason,
      loud: false,
      at: now,
    });
    return {
      next,
      robots,
      joined: isUndoing && found.followedBy !== undefined && found.followedBy === next.followedBy,
    };
  });
  deps.wake(robots);
  if (next.state === 'aborted') {
    await withdrawOpen(deps, next.rollout, { by: author.name, now, why: `${author.name} aborted the rollout.` });
  }
  deps.poke(next.rollout);
  return { rollout: next, joined };
}

/** Refuses a command that does not fit the state of the rollout. */
function needAccepted(
  verb: RolloutVerb,
  found: Rollout,
  tallies: Tallies,
  undoing: Pick<CommandContext, 'revert' | 'isUndone'>,
): void {
  const present = tallies.get(found.stage);
  const context = { ...undoing, tally: present ?? NO_TALLY, unplaced: present?.unplaced ?? 0 };
  const refused = refuseCommand(verb, found, context);
  if (refused) throw problem('conflict', refused.detail, refused.hint === undefined ? {} : { hint: refused.hint });
}

/** Refuses a command whose author saw another rollout: with what has changed, and by whom. */
async function needCurrent(
  { rollouts }: Slices,
  found: Rollout,
  tallies: Tallies,
  seen: RolloutCommand['seen'],
): Promise<void> {
  const failures = failuresOf(tallies);
  if (!seen || seen.some((each) => changesSince(each, found, failures).length === 0)) return;
  const changes = changesSince(seen[0] ?? '', found, failures).join('; ');
  const last = (await rollouts.events(found.rollout)).at(-1);
  const byWhom = last ? ` Last: ${last.by}, ${last.what} at ${toTimestamp(last.at)}.` : '';
  throw problem('precondition_failed', `${found.rollout} has changed since you looked: ${changes}.${byWhom}`, {
    hint: `Nothing was done. Look again, and decide: fairlead rollout show ${found.rollout}`,
  });
}

const PAST: Readonly<Record<RolloutVerb, string>> = {
  approve: 'approved',
  deny: 'denied',
  pause: 'paused',
  resume: 'resumed',
  promote: 'promoted',
  abort: 'aborted',
  switch: 'switching',
  'switch-back': 'switched-back',
  finalise: 'finalised',
  retry: 'retried',
};

/** A rollout that goes on has no reason to be stopped any more. */
function clear(found: Rollout, change: Partial<Rollout>): Rollout {
  if (change.state !== 'running' && change.state !== 'scheduled') return found;
  const { stopped: _stopped, ...going } = found;
  return going;
}
