/** The one way a rollout changes: by compare-and-swap on its generation, with what happened beside it. */
import type { Rollout, StageProgress } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import type { Slices } from '../store/store.ts';

/** Thrown inside a transaction so that nothing of it is kept: somebody else changed the rollout meanwhile. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}
export interface Happening {
  readonly by: string;
  readonly what: string;
  readonly detail?: string;
}

/** Answers the rollout as it stands now. Throws Overtaken, which undoes the transaction. */
export async function changeRollout(
  { rollouts }: Slices,
  before: Rollout,
  change: Partial<Rollout>,
  now: Instant,
  happening?: Happening,
): Promise<Rollout> {
  const next = { ...before, ...change, generation: before.generation + 1 };
  const replaced = await rollouts.replace(next, happening && { at: now, ...happening });
  if (!replaced) throw new Overtaken(`rollout ${before.rollout} was changed by somebody else`);
  return next;
}

/** The stages with the one at `index` changed. */
export const withStage = (rollout: Rollout, change: Partial<StageProgress>, index = rollout.stage): StageProgress[] =>
  rollout.stages.map((stage, at) => (at === index ? { ...stage, ...change } : stage));
