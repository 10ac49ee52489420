/** What one decision about a rollout is made of. All of it is counted already; nothing is recounted for it. */
import type { Instant } from '../time.ts';
import type { ConditionVerdict } from './gate.ts';
import type { Rollout } from './rollout.ts';
import { outcomesOf, type StageTally } from './tally.ts';

export interface RolloutFacts {
  readonly rollout: Rollout;
  readonly now: Instant;
  /** Of the present stage. */
  readonly tally: StageTally;
  /** Robots of the present stage without a deployment. */
  readonly unplaced: number;
  /** Robots of earlier stages that a gate did not wait for: they go on beside the present stage. */
  readonly behind: {
    readonly open: number;
    readonly ready: number;
    readonly granted: number;
    readonly unplaced: number;
  };
  /** Open deployments that had their time. */
  readonly overdue: number;
  /** When the next open deployment has had its time. */
  readonly nextDeadline?: Instant;
  /** How many more robots of the fleet may download and stage now. */
  readonly stagingRoom: number;
  /** Absent: nobody looked, because nobody had to yet. */
  readonly conditions?: ConditionVerdict;
}

/** Blue-green: everybody that is still in it is staged, tested and ready. */
export const isStagedEverywhere = ({ tally, unplaced }: Pick<RolloutFacts, 'tally' | 'unplaced'>): boolean =>
  unplaced === 0 && outcomesOf(tally).open === tally.ready + tally.granted;

/** Blue-green robots switch only after the word was given. */
export const maySwitch = ({ spec, switchingSince }: Rollout): boolean =>
  spec.strategy !== 'blue-green' || switchingSince !== undefined;
