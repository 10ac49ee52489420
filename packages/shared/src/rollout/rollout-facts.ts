/** What one decision about a rollout is made of. All of it is counted already; nothing is recounted for it. */
import type { RobotId } from '../ids.ts';
import type { Instant } from '../time.ts';
import type { Departed } from './departed.ts';
import type { ConditionVerdict } from './gate.ts';
import type { Rollout } from './rollout.ts';
import { outcomesOf, type StageTally } from './tally.ts';

/** Which succeeded robots of a stage that soaks still check in. */
export interface SoakWatch {
  /** Robots that stopped checking in: they count as failures once they are marked. */
  readonly silent: number;
  /** Robots that have not checked in since the soak ended, and are not silent yet. */
  readonly unseen: number;
  /** Some of them, by name. */
  readonly examples: readonly RobotId[];
  /** When the last of them counts as silent unless it checks in. Milliseconds since 1970. */
  readonly unseenUntil: Instant;
}

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
  /** By index, of the stages before the present one. */
  readonly earlier: readonly StageTally[];
  /** Absent unless the present stage soaks. */
  readonly watch?: SoakWatch;
  /** Of the present stage; absent where it has not begun to soak. */
  readonly departed?: Departed;
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
