/**
 * A robot's time runs while it is asked for something, and stands still while it waits for others: for its window, a
 * budget, the common switch, or a rollout that is paused. Otherwise a fleet that waits for its weekend would time out.
 */
import { timeoutOf } from '@fairlead/shared/rollout/plan-next-step';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import type { RolloutPart } from '../store/deployments.ts';

/** When its time is over, now that it need not wait for the grant any longer. */
export const deadlineOf = ({ deadline, readyAt, grantedAt }: RolloutPart, now: Instant): Instant =>
  readyAt === undefined || grantedAt !== undefined ? deadline : deadline + (now - readyAt);

/** When the time of nobody is over yet, in a rollout that goes on now: all have theirs anew. */
export const renewedDeadline = ({ spec }: Pick<Rollout, 'spec'>, now: Instant): Instant =>
  now + Math.max(...spec.stages.map((stage) => timeoutOf(stage)));
