/** How a rollout and its stages stand. A stage that is `inconclusive` pauses its rollout for a person. */
import { Type } from 'typebox';

export const ROLLOUT_STATES = [
  'awaiting-approval',
  'denied',
  'expired',
  'scheduled',
  'running',
  'paused',
  'halted',
  'completed',
  'ended-without-robots',
  'aborted',
  'superseded',
] as const;
export const RolloutState = Type.Enum([...ROLLOUT_STATES], { description: 'How this rollout stands.' });
export type RolloutState = (typeof ROLLOUT_STATES)[number];

/** Nothing more happens by itself, and nothing is held for it. A completed one can begin again when a robot joins. */
export const ENDED_STATES: readonly RolloutState[] = [
  'denied',
  'expired',
  'completed',
  'ended-without-robots',
  'aborted',
  'superseded',
];
export const hasEnded = (state: RolloutState): boolean => ENDED_STATES.includes(state);

/** All its stages have passed: with robots that it reached (`completed`), or without a single one. */
export const hasPassedAllStages = (state: RolloutState): boolean =>
  state === 'completed' || state === 'ended-without-robots';

/** In these, robots that failed, timed out or were cancelled can be ordered it once more. */
export const RETRY_STATES: readonly RolloutState[] = [
  'running',
  'paused',
  'halted',
  'completed',
  'ended-without-robots',
];

export const STAGE_STATES = ['pending', 'running', 'soaking', 'passed', 'failed', 'inconclusive'] as const;
export const StageState = Type.Enum([...STAGE_STATES]);
export type StageState = (typeof STAGE_STATES)[number];
