/**
 * A robot's time runs while it is asked for something, and stands still while it waits for others: for its window, a
 * budget, the common switch, or a rollout that is paused. Otherwise a fleet that waits for its weekend would time out.
 */
import { LONGEST_BACKOFF_MS } from '@fairlead/shared/fleet/settings';
import { timeoutOf } from '@fairlead/shared/rollout/plan-next-step';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { type Instant, SECOND } from '@fairlead/shared/time';
import type { RolloutPart } from '../store/deployments.ts';

/** When its time is over, now that it need not wait for the grant any longer. */
export const deadlineOf = ({ deadline, readyAt, grantedAt }: RolloutPart, now: Instant): Instant =>
  readyAt === undefined || grantedAt !== undefined ? deadline : deadline + (now - readyAt);

/** When the time of nobody is over yet, in a rollout that goes on now: all have theirs anew. */
export const renewedDeadline = ({ spec }: Pick<Rollout, 'spec'>, now: Instant): Instant =>
  now + Math.max(...spec.stages.map((stage) => timeoutOf(stage)));

/** A robot that is back within its longest pause has this long to deliver its reports. */
const DELIVERY_MS = 10 * SECOND;

/**
 * Whether a robot that was not heard in time counts as timed out. Not while robots may still be on their way back to a control
 * plane that was away: what they did meanwhile is in reports that they have not delivered yet.
 */
export const mayTimeOut = (startedAt: Instant, now: Instant): boolean =>
  now < startedAt || now - startedAt > LONGEST_BACKOFF_MS + DELIVERY_MS;
