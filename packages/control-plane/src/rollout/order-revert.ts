/**
 * Undoing a rollout is a rollout too, of the kind rollback: at once, of high priority, and approved with what it
 * undoes, because going back must never wait for a second person.
 */
import type { RolloutId } from '@fairlead/shared/ids';
import { rollbackIsNotReverted } from '@fairlead/shared/rollout/command-rules';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { FailurePolicy, RolloutSpec } from '@fairlead/shared/rollout/rollout-spec';
import { allBackAtOnce } from '@fairlead/shared/rollout/strategy';
import type { Instant } from '@fairlead/shared/time';
import { problem } from '../http/problem.ts';
import type { Slices } from '../store/store.ts';
import { newRollout } from './new-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { undoingToJoin } from './undoing.ts';

const URGENT = 95;

export interface Revert {
  readonly followedBy: RolloutId;
  /** The rollout is being undone already: no second undoing was made. */
  readonly joined: boolean;
}

/**
 * `revert`: those robots that have it go to their previous release; a version: the whole target goes there. Undoing
 * twice is as good as once: where an undoing is in progress, that one is answered. Keep `followedBy` in the undone rollout
 * in the same transaction, by compare-and-swap: of two requests in one moment the second then finds the first.
 */
export async function orderRevert(
  deps: Pick<RolloutDeps, 'newRolloutId' | 'poke' | 'factsOf'>,
  slices: Slices,
  undone: Rollout,
  policy: Exclude<FailurePolicy, 'pause' | 'halt'>,
  why: string,
  now: Instant,
  by = 'control-plane',
): Promise<Revert> {
  const atWork = await undoingToJoin(deps, slices, undone);
  if (atWork) return { followedBy: atWork.rollout, joined: true };
  if (undone.spec.kind === 'rollback') {
    const { detail, hint } = rollbackIsNotReverted(undone);
    throw problem('conflict', detail, { hint });
  }
  const { component, environment } = undone.spec;
  const spec: RolloutSpec = {
    kind: 'rollback',
    component,
    environment,
    ...(policy !== 'revert' && { version: policy.toVersion }),
    target: policy === 'revert' ? { updatedBy: undone.rollout } : undone.spec.target,
    ...allBackAtOnce(),
    newRobots: 'leave-out',
    onFailure: 'pause',
    priority: URGENT,
    reason: `Undoes ${undone.rollout}: ${why}`.slice(0, 500),
  };
  const rollout = newRollout({ id: deps.newRolloutId(), spec, by, now, undoes: undone.rollout });
  await slices.rollouts.insert(rollout, { at: now, by, what: 'created', detail: spec.reason ?? '' });
  deps.poke(rollout.rollout);
  return { followedBy: rollout.rollout, joined: false };
}
