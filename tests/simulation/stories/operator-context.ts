/** What the operators of a simulation share: releases, what they ordered, and what they stopped. */
import type { DeploymentId, RolloutId } from '@fairlead/shared/ids';
import type { Stops } from '../invariants/stops.ts';
import type { Stage } from '../stage.ts';
import type { Chance } from '../world/chance.ts';
import type { Person } from '../world/people.ts';
import type { Release } from '../world/world.ts';

export interface OperatorContext {
  readonly stage: Stage;
  readonly stops: Stops;
  /** Published, the newest last. */
  readonly releases: Release[];
  /** Ordered by these operators, the newest last. */
  readonly rollouts: RolloutId[];
  readonly deployments: DeploymentId[];
}
/** One command of one person. Resolves to its result for the time line; undefined where it did not apply. */
export type Command = (context: OperatorContext, person: Person, chance: Chance) => Promise<string | undefined>;

export const answered = <T>(
  answer: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string },
  describe: (value: T) => string,
): string => (answer.ok ? describe(answer.value) : answer.code);
