import { fromTimestamp, type Instant } from '@fairlead/shared/time';
import type { Report } from '@fairlead/shared/trust/report';
import type { Deployment } from '../store/deployments.ts';

/** When it happened, as far as the robot can be believed: never later than its report was received. */
export const reportedAt = ({ time, clockTrust }: Report, receivedAt: Instant): Instant =>
  clockTrust === 'floor' ? receivedAt : Math.min(fromTimestamp(time), receivedAt);

/**
 * When something about an order happened. A robot whose clock is wrong, or that lies, may name a time before the order was
 * given: what is judged by its age (repairs, alarms) would then be old at once.
 */
export const notBefore = ({ createdAt }: Pick<Deployment, 'createdAt'>, told: Instant): Instant =>
  Math.max(told, createdAt);
