/** A rollout before anything happened to it. */
import type { RolloutId } from '@fairlead/shared/ids';
import type { Rollout, StageProgress } from '@fairlead/shared/rollout/rollout';
import type { RolloutSpec } from '@fairlead/shared/rollout/rollout-spec';
import type { Instant } from '@fairlead/shared/time';

export interface NewRollout {
  readonly id: RolloutId;
  readonly spec: RolloutSpec;
  readonly by: string;
  readonly now: Instant;
  /** The rollout that it undoes. */
  readonly undoes?: RolloutId;
  /** Absent: nobody has to agree. */
  readonly approval?: { readonly needed: number; readonly expiresAt: Instant };
}

export function newRollout({ id, spec, by, now, undoes, approval }: NewRollout): Rollout {
  const pending: StageProgress = { state: 'pending', size: 0, batchLeft: 0 };
  return {
    rollout: id,
    generation: 1,
    spec,
    state: approval ? 'awaiting-approval' : 'scheduled',
    createdAt: now,
    createdBy: by,
    members: 0,
    excluded: 0,
    stage: 0,
    stages: spec.stages.map(() => ({ ...pending })),
    ...(undoes !== undefined && { undoes }),
    ...(approval && { approval: { ...approval, votes: [] } }),
  };
}
