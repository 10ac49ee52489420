/** A rollout as the control plane remembers it. Times are milliseconds; what is counted lies in tallies beside it. */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { RolloutId } from '../ids.ts';
import { RolloutSpec } from './rollout-spec.ts';
import { RolloutState, StageState } from './states.ts';

const At = Type.Integer({ description: 'Milliseconds since 1970.' });

export const StageProgress = Type.Object({
  state: StageState,
  /** Robots of its cohort; known from its start on. */
  size: Type.Integer(),
  startedAt: Type.Optional(At),
  soakingSince: Type.Optional(At),
  endedAt: Type.Optional(At),
  /** Rolling: robots of the present batch still to be let in, and when the next batch may begin. */
  batchLeft: Type.Integer(),
  restUntil: Type.Optional(At),
  /** Who let it pass: a manual gate, or an inconclusive one. */
  promotedBy: Type.Optional(Type.String()),
  /** Why it passed, failed or could not be judged. */
  verdict: Type.Optional(Refusal),
});
export type StageProgress = Static<typeof StageProgress>;

export const Vote = Type.Object({
  by: Type.String(),
  at: At,
  verdict: Type.Enum(['approved', 'denied']),
  reason: Type.Optional(Type.String()),
});
export type Vote = Static<typeof Vote>;

export const Rollout = Type.Object({
  rollout: RolloutId,
  /** Rises with every change: what is decided on an old one is not applied. */
  generation: Type.Integer(),
  spec: RolloutSpec,
  state: RolloutState,
  createdAt: At,
  createdBy: Type.String(),
  /** Robots of the target that can take the release; those left out are counted beside. */
  members: Type.Integer(),
  excluded: Type.Integer(),
  startedAt: Type.Optional(At),
  endedAt: Type.Optional(At),
  /** Index into `stages`. */
  stage: Type.Integer(),
  stages: Type.Array(StageProgress),
  approval: Type.Optional(Type.Object({ needed: Type.Integer(), expiresAt: At, votes: Type.Array(Vote) })),
  /** Why it does not run: set by a person or by a gate, cleared by resume. */
  stopped: Type.Optional(Type.Object({ by: Type.String(), at: At, why: Refusal })),
  /** Blue-green: when all may switch; set by a person or by switchAt. */
  switchingSince: Type.Optional(At),
  /** Blue-green: the previous release is not needed any more. */
  finalisedAt: Type.Optional(At),
  /** The rollback that undoes it, or the rollout that took its place. */
  followedBy: Type.Optional(RolloutId),
  /** The rollout that this one undoes: it was ordered by a failure policy, abort --revert or switch-back. */
  undoes: Type.Optional(RolloutId),
});
export type Rollout = Static<typeof Rollout>;
