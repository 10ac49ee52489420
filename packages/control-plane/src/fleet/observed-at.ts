/**
 * The order of what a robot says of itself. Messages may arrive in another order than they were written in (a
 * retransmission, a proxy, a slow replica), so what counts is when each was signed and not when it arrived.
 */
import { type Instant, SECOND } from '@fairlead/shared/time';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Slices } from '../store/store.ts';

/** A robot can't have signed after it was heard: a clock that is ahead counts as the time of arrival. */
export const observedAt = (signedAt: Instant, receivedAt: Instant): Instant => Math.min(signedAt, receivedAt);

/** Signatures carry whole seconds: what was signed within one second has no order. */
export const isBefore = (one: Instant, other: Instant): boolean =>
  Math.floor(one / SECOND) < Math.floor(other / SECOND);

/** Whether `at` is after the robot described itself. A time in the future was written before the clock was set back: it orders nothing. */
export const isSince = (observed: Instant | undefined, at: Instant, now: Instant): boolean =>
  observed !== undefined && isBefore(observed, at) && at <= now;

/**
 * Whether something happened to this order after the robot described itself so. Another replica may have heard the robot since,
 * and what it wrote to the database is known here before its presence is.
 */
export async function hasChangedSince(
  { deployments }: Pick<Slices, 'deployments'>,
  { deployment }: Pick<Deployment, 'deployment'>,
  { observedAt: observed }: RobotFacts,
  now: Instant,
): Promise<boolean> {
  if (observed === undefined) return false;
  return (await deployments.events(deployment)).some(({ at }) => isSince(observed, at, now));
}
