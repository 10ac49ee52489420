/** What each command changes in a rollout. That it fits the state is checked before: see command-rules. */
import type { Refusal } from '@fairlead/shared/failure';
import type { RolloutId } from '@fairlead/shared/ids';
import type { RolloutVerb } from '@fairlead/shared/rollout/command-rules';
import { nameOf } from '@fairlead/shared/rollout/hold-reasons';
import type { Rollout, StageProgress } from '@fairlead/shared/rollout/rollout';
import { hasEnded } from '@fairlead/shared/rollout/states';
import type { Instant } from '@fairlead/shared/time';
import { isAtLeast } from '../http/authenticate.ts';
import { problem } from '../http/problem.ts';
import type { Slices } from '../store/store.ts';
import type { Author } from './create-rollout.ts';
import { orderRevert } from './order-revert.ts';
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
  readonly now: Instant;
}
export type Tallies = Awaited<ReturnType<Slices['rollouts']['tallies']>>;
/** What a command changes. Throws a problem where its author may not give it, or where it would change nothing. */
type Command = (context: Context) => Promise<Partial<Rollout>> | Partial<Rollout>;

export const COMMANDS = {
  approve: ({ found, author, reason, now, deps }) => {
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
  deny: ({ found, author, reason, now }) =>
    vote(found, { by: author.name, at: now, verdict: 'denied', ...(reason !== undefined && { reason }) }),
  pause: ({ found, author, reason, now }) => ({
    state: 'paused',
    stopped: { by: author.name, at: now, why: pausedBy(found, author.name, reason) },
  }),
  resume: async ({ found, slices }) => ({ ...going(found), stages: await acceptFailures(slices, found, {}) }),
  promote: async ({ found, author, slices }) => ({
    ...going(found),
    stages: await acceptFailures(slices, found, { promotedBy: author.name }),
  }),
  abort: ({ found, author, reason, now }) => ({
    state: 'aborted',
    endedAt: now,
    stopped: { by: author.name, at: now, why: aborted(found, author, reason) },
  }),
  switch: ({ found, now }) => (found.switchingSince === undefined ? { switchingSince: now } : {}),
  'switch-back': async ({ found, slices, deps, author, reason, now }) => {
    const why = reason ?? 'switched back';
    const { followedBy } = await orderRevert(deps, slices, found, 'revert', why, now, author.name);
    return { followedBy, ...(!hasEnded(found.state) && { state: 'aborted', endedAt: now }) };
  },
  finalise: ({ now }) => ({ finalisedAt: now }),
  retry: async ({ found, slices }) => {
    const again = await retryFailed(slices, found);
    if (again === 0) throw nothingToRetry(found, await slices.rollouts.tallies(found.rollout));
    const { endedAt: _ended, ...rest } = going(found);
    // What is ordered once more is no failure any more; what is left is accepted.
    return { ...rest, stages: await acceptFailures(slices, found, {}) };
  },
} satisfies Record<RolloutVerb, Command>;

const going = ({ startedAt }: Rollout): Partial<Rollout> => ({
  state: startedAt === undefined ? 'scheduled' : 'running',
});

/** A degraded robot counts as failed but has the release: ordering it once more would change nothing. */
function nothingToRetry({ rollout }: Rollout, tallies: Tallies): Error {
  let degraded = 0;
  for (const { states } of tallies.values()) degraded += states.degraded ?? 0;
  const none = 'No robot of it has failed, timed out or was cancelled';
  if (degraded === 0) return problem('conflict', `${none}.`, { hint: 'Nothing to do.' });
  const are = degraded === 1 ? '1 robot is degraded and runs' : `${degraded} robots are degraded and run`;
  return problem('conflict', `${none}; ${are} the release.`, {
    hint: `Look at it (fairlead rollout robots ${rollout} --state degraded), then resume, or abort with --revert.`,
  });
}

/**
 * A person looked at the failures so far and goes on: of these robots they do not stop a stage a second time. `more` is
 * for the present stage; one that had passed before its robots failed has passed again.
 */
async function acceptFailures(
  { rollouts }: Slices,
  found: Rollout,
  more: Partial<StageProgress>,
): Promise<StageProgress[]> {
  await rollouts.acceptFailures(found.rollout);
  return found.stages.map((progress, index) => {
    if (index > found.stage) return progress;
    const wasStopped = progress.state === 'failed' || progress.state === 'inconclusive';
    const state = index < found.stage ? ('passed' as const) : ('running' as const);
    return { ...progress, ...(index === found.stage && more), ...(wasStopped && { state }) };
  });
}

function vote(found: Rollout, cast: NonNullable<Rollout['approval']>['votes'][number]): Partial<Rollout> {
  const { approval } = found;
  if (!approval) throw problem('conflict', 'This rollout needs no approval.');
  const others = approval.votes.filter(({ by }) => by !== cast.by);
  return { approval: { ...approval, votes: [...others, cast] } };
}

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
