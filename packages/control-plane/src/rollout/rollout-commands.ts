/** What each command changes in a rollout, and in which states it is accepted. */
import type { Refusal } from '@fairlead/shared/failure';
import type { RolloutId } from '@fairlead/shared/ids';
import { nameOf } from '@fairlead/shared/rollout/hold-reasons';
import type { Rollout, StageProgress } from '@fairlead/shared/rollout/rollout';
import { isStagedEverywhere } from '@fairlead/shared/rollout/rollout-facts';
import { hasEnded, hasPassedAllStages, RETRY_STATES } from '@fairlead/shared/rollout/states';
import { NO_TALLY, outcomesOf } from '@fairlead/shared/rollout/tally';
import type { Instant } from '@fairlead/shared/time';
import { isAtLeast } from '../http/authenticate.ts';
import { problem } from '../http/problem.ts';
import type { Slices } from '../store/store.ts';
import type { Author } from './create-rollout.ts';
import { orderRevert } from './order-revert.ts';
import { factsOf } from './read-facts.ts';
import { retryFailed } from './retry-failed.ts';
import type { RolloutDeps } from './rollout-deps.ts';

export interface RolloutCommand {
  readonly rollout: RolloutId;
  readonly author: Author;
  readonly reason?: string | undefined;
  /** Revisions of which one must still hold: what the author saw. */
  readonly seen?: readonly string[] | undefined;
}
interface Context extends RolloutCommand {
  readonly deps: RolloutDeps;
  readonly slices: Slices;
  readonly found: Rollout;
  readonly tallies: Tallies;
  readonly now: Instant;
}
export type Tallies = Awaited<ReturnType<Slices['rollouts']['tallies']>>;
/** What a command changes; throws the problem where it does not fit the state. */
type Command = (context: Context) => Promise<Partial<Rollout>> | Partial<Rollout>;

export const COMMANDS = {
  approve: ({ found, author, reason, now, deps }) => {
    needState(found, ['awaiting-approval'], 'approved');
    const { approverRole } = deps.rules().environment(found.spec.environment);
    if (!isAtLeast(author.role, approverRole)) {
      throw problem('forbidden', `Approving in ${found.spec.environment} takes ${approverRole}.`);
    }
    if (author.name === found.createdBy) {
      throw problem('forbidden', `${author.name} made this rollout and can't approve it.`, {
        hint: 'Four eyes: ask another person.',
      });
    }
    return vote(found, { by: author.name, at: now, verdict: 'approved', ...(reason !== undefined && { reason }) });
  },
  deny: ({ found, author, reason, now }) => {
    needState(found, ['awaiting-approval'], 'denied');
    return vote(found, { by: author.name, at: now, verdict: 'denied', ...(reason !== undefined && { reason }) });
  },
  pause: ({ found, author, reason, now }) => {
    needState(found, ['scheduled', 'running'], 'paused');
    return { state: 'paused', stopped: { by: author.name, at: now, why: pausedBy(found, author.name, reason) } };
  },
  resume: ({ found, tallies }) => {
    needState(found, ['paused', 'halted'], 'resumed');
    needNotUndone(found);
    return { ...going(found), stages: acceptFailures(found, tallies, {}) };
  },
  promote: ({ found, author, tallies }) => {
    needState(found, ['running', 'paused', 'halted'], 'promoted');
    needNotUndone(found);
    if (!found.spec.stages[found.stage]) throw problem('conflict', 'All its stages have passed already.');
    if (found.stages[found.stage]?.state === 'pending') throw problem('conflict', 'Its stage has not begun yet.');
    return { ...going(found), stages: acceptFailures(found, tallies, { promotedBy: author.name }) };
  },
  abort: ({ found, author, reason, now }) => {
    if (hasEnded(found.state)) throw ended(found);
    return {
      state: 'aborted',
      endedAt: now,
      stopped: { by: author.name, at: now, why: aborted(found, author, reason) },
    };
  },
  switch: async ({ found, slices, deps, now }) => {
    needBlueGreen(found);
    needState(found, ['running'], 'switched');
    if (found.switchingSince !== undefined) return {};
    const facts = await factsOf(deps, slices, found, now);
    if (!isStagedEverywhere(facts)) {
      const { open } = outcomesOf(facts.tally);
      throw problem(
        'conflict',
        `${facts.tally.ready} robots are ready, ${open - facts.tally.ready + facts.unplaced} are not.`,
        {
          hint: `They switch together, when all are: fairlead rollout watch ${found.rollout}`,
        },
      );
    }
    return { switchingSince: now };
  },
  'switch-back': async ({ found, slices, deps, author, reason, now }) => {
    needBlueGreen(found);
    if (found.switchingSince === undefined)
      throw problem('conflict', 'Nothing has switched yet.', { hint: 'Abort it instead.' });
    if (found.finalisedAt !== undefined) {
      throw problem('conflict', 'It is finalised: the previous release is not kept ready any more.', {
        hint: 'fairlead rollback --to VERSION brings it back.',
      });
    }
    const why = reason ?? 'switched back';
    const { followedBy } = await orderRevert(deps, slices, found, 'revert', why, now, author.name);
    return { followedBy, ...(!hasEnded(found.state) && { state: 'aborted', endedAt: now }) };
  },
  finalise: ({ found, now }) => {
    needBlueGreen(found);
    needState(found, ['completed'], 'finalised');
    if (found.followedBy !== undefined) {
      throw problem('conflict', `It was switched back by ${found.followedBy}: there is nothing to finalise.`, {
        hint: `See fairlead rollout show ${found.followedBy}`,
      });
    }
    return { finalisedAt: now };
  },
  retry: async ({ found, slices }) => {
    needState(found, RETRY_STATES, 'retried');
    needNotUndone(found);
    const again = await retryFailed(slices, found);
    if (again === 0)
      throw problem('conflict', 'No robot of it has failed, timed out or was cancelled.', { hint: 'Nothing to do.' });
    const { endedAt: _ended, ...rest } = going(found);
    // What is ordered once more is no failure any more: count again.
    return { ...rest, stages: acceptFailures(found, await slices.rollouts.tallies(found.rollout), {}) };
  },
} satisfies Record<string, Command>;
export type Verb = keyof typeof COMMANDS;

const going = ({ startedAt }: Rollout): Partial<Rollout> => ({
  state: startedAt === undefined ? 'scheduled' : 'running',
});

/**
 * A person looked at the failures so far and goes on: they do not stop a stage a second time. `more` is for the present
 * stage; one that had passed before its robots failed has passed again.
 */
function acceptFailures(found: Rollout, tallies: Tallies, more: Partial<StageProgress>): StageProgress[] {
  return found.stages.map((progress, index) => {
    if (index > found.stage) return progress;
    const { failed } = outcomesOf(tallies.get(index) ?? NO_TALLY);
    const wasStopped = progress.state === 'failed' || progress.state === 'inconclusive';
    const state = index < found.stage ? ('passed' as const) : ('running' as const);
    return { ...progress, ...(index === found.stage && more), forgiven: failed, ...(wasStopped && { state }) };
  });
}

function vote(found: Rollout, cast: NonNullable<Rollout['approval']>['votes'][number]): Partial<Rollout> {
  const { approval } = found;
  if (!approval) throw problem('conflict', 'This rollout needs no approval.');
  const others = approval.votes.filter(({ by }) => by !== cast.by);
  return { approval: { ...approval, votes: [...others, cast] } };
}

function needState(found: Rollout, states: readonly Rollout['state'][], past: string): void {
  if (states.includes(found.state)) return;
  throw problem('conflict', `It is ${found.state} and can't be ${past}.`, {
    hint: `See how it came to that: fairlead rollout history ${found.rollout}`,
  });
}

/** It would send robots to the release that others are brought back from. */
function needNotUndone({ state, followedBy }: Rollout): void {
  if (followedBy === undefined || (state !== 'halted' && !hasPassedAllStages(state))) return;
  throw problem('conflict', `${followedBy} undoes this rollout.`, { hint: 'Roll out anew instead.' });
}

function needBlueGreen({ spec }: Rollout): void {
  if (spec.strategy === 'blue-green') return;
  throw problem('conflict', `This is a ${spec.strategy} rollout; only blue-green ones switch together.`);
}

const ended = ({ state, rollout, spec }: Rollout) =>
  problem('conflict', `It is ${state} already.`, {
    hint:
      state === 'aborted' && spec.kind === 'deploy'
        ? `To bring its robots back: fairlead rollout abort ${rollout} --revert`
        : `Undo it instead: fairlead rollback, or see fairlead rollout show ${rollout}`,
  });

const aborted = (found: Rollout, { name }: Author, reason: string | undefined): Refusal => ({
  phase: 'assign',
  component: found.spec.component,
  element: found.rollout,
  category: 'aborted',
  detail: `${name} aborted the rollout${reason === undefined ? '' : `: ${reason}`}.`,
  retryable: false,
  hint: 'Roll out anew when you want it after all.',
});

const pausedBy = (found: Rollout, by: string, reason: string | undefined) => {
  const stage = found.spec.stages[found.stage];
  return {
    phase: 'assign',
    component: found.spec.component,
    element: found.rollout,
    category: 'paused',
    detail: `${by} paused the rollout${stage ? ` in stage ${nameOf(found, stage)}` : ''}${reason === undefined ? '' : `: ${reason}`}.`,
    retryable: true,
    hint: `Go on: fairlead rollout resume ${found.rollout}`,
  } as const;
};
