/**
 * Undoing a rollout is a rollout too, of the kind rollback: at once, of high priority, and approved with what it
 * undoes, because going back must never wait for a second person.
 */
import type { RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { FailurePolicy, RolloutSpec } from '@fairlead/shared/rollout/rollout-spec';
import { allAtOnce } from '@fairlead/shared/rollout/strategy';
import type { Instant } from '@fairlead/shared/time';
import type { Slices } from '../store/store.ts';
import { newRollout } from './new-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';

const URGENT = 95;

/** `revert`: those robots that have it go to their previous release; a version: the whole target goes there. */
export async function orderRevert(
  deps: Pick<RolloutDeps, 'newRolloutId' | 'poke'>,
  slices: Slices,
  undone: Rollout,
  policy: Exclude<FailurePolicy, 'pause' | 'halt'>,
  why: string,
  now: Instant,
  by = 'control-plane',
): Promise<RolloutId> {
  const { component, environment } = undone.spec;
  const spec: RolloutSpec = {
    kind: 'rollback',
    component,
    environment,
    ...(policy !== 'revert' && { version: policy.toVersion }),
    target: policy === 'revert' ? { updatedBy: undone.rollout } : undone.spec.target,
    ...allAtOnce(),
    newRobots: 'leave-out',
    onFailure: 'pause',
    priority: URGENT,
    reason: `Undoes ${undone.rollout}: ${why}`.slice(0, 500),
  };
  const rollout = newRollout({ id: deps.newRolloutId(), spec, by, now });
  await slices.rollouts.insert(rollout, { at: now, by, what: 'created', detail: spec.reason ?? '' });
  deps.poke(rollout.rollout);
  return rollout.rollout;
}
