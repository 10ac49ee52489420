import type { Instant } from '@fairlead/shared/time';
import type { Deployment } from '../store/deployments.ts';

/**
 * When something about an order happened. A robot whose clock is wrong, or that lies, may name a time before the order was
 * given: what is judged by its age (repairs, alarms) would then be old at once.
 */
export const notBefore = ({ createdAt }: Pick<Deployment, 'createdAt'>, told: Instant): Instant =>
  Math.max(told, createdAt);
