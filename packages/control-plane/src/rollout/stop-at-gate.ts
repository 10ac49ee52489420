/** A gate failed or can't be judged: the rollout stands still, and what the failure policy asks for follows. */
import type { Refusal } from '@fairlead/shared/failure';
import type { RolloutId } from '@fairlead/shared/ids';
import type { Decision } from '@fairlead/shared/rollout/plan-next-step';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { FailurePolicy } from '@fairlead/shared/rollout/rollout-spec';
import { changeRollout, withStage } from './change-rollout.ts';
import { nameFailures } from './name-failures.ts';
import { orderRevert } from './order-revert.ts';
import type { ReadFacts } from './read-facts.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import type { Taken } from './taken.ts';

/** One transaction: a server that dies in it has neither stopped nor reverted, and does both when it is back. */
export async function stopAtGate(
  deps: RolloutDeps,
  { rollout, now }: ReadFacts,
  { stage, why: judged, index = rollout.stage }: Extract<Decision, { do: 'stop' }>,
): Promise<Taken> {
  // What can't be judged is never undone by a machine: it pauses for a person.
  const policy: FailurePolicy = stage === 'inconclusive' ? 'pause' : rollout.spec.onFailure;
  const state = policy === 'pause' ? 'paused' : 'halted';
  const robots = await deps.store.transaction(async (slices) => {
    const isCount = judged.category === 'too_many_failures';
    const why = isCount ? await nameFailures(slices, rollout, [index], judged) : judged;
    const revert =
      policy === 'pause' || policy === 'halt'
        ? undefined
        : await orderRevert(deps, slices, rollout, policy, why.detail, now);
    const change = {
      state,
      stages: withStage(rollout, { state: stage, verdict: why }, index),
      stopped: { by: 'control-plane', at: now, why: revert ? withUndoing(why, rollout, revert.followedBy) : why },
      ...(revert && { followedBy: revert.followedBy }),
    } as const;
    const happening = { by: 'control-plane', what: `stage-${stage}`, detail: why.detail };
    await changeRollout(slices, rollout, change, now, happening);
    return slices.rollouts.raiseOpen(rollout.rollout);
  });
  // Robots that were let switch hear of it before they do.
  deps.wake(robots);
  return 'progress';
}

/** What people can do about a rollout that is being undone: it can't be resumed, promoted or retried any more. */
const withUndoing = (why: Refusal, { rollout }: Rollout, undoing: RolloutId): Refusal => ({
  ...why,
  hint: `${undoing} undoes it (fairlead rollout watch ${undoing}); end this one: fairlead rollout abort ${rollout}`,
});
