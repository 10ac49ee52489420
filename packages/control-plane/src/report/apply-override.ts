/** A robot stepped over its own conditions, as its order allowed: an entry in the audit log notifies every operator. */
import type { RobotId } from '@fairlead/shared/ids';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import type { Slices } from '../store/store.ts';
import { notBefore } from './not-before.ts';

type Override = Extract<ReportEvent, { event: 'override' }>;

/** Of one order: a robot may turn round and step over them again. */
export const MOST_PER_ORDER = 20;

/**
 * False where the robot was given no order that allows it. The audit log is kept for good and its loud entries are shown
 * to everybody: a robot must be able to fill neither.
 */
export async function applyOverride(
  { audit, deployments }: Slices,
  robot: RobotId,
  { deployment, component, by, reason, skipped }: Override,
  reported: Instant,
): Promise<boolean> {
  const order = await deployments.find(deployment);
  if (order?.robot !== robot || order.component !== component || !order.override) return false;
  const action = 'robot.override';
  const page = { order: 'newest-first', limit: MOST_PER_ORDER } as const;
  const newest = await audit.list({ by: robot, action, element: robot }, page);
  const since = toTimestamp(order.createdAt);
  if (newest.filter(({ at }) => at >= since).length >= MOST_PER_ORDER) return true;
  await audit.append({
    at: notBefore(order, reported),
    // Whose name a robot gives is not proven: only people who logged in are the author of an entry.
    by: robot,
    action,
    element: robot,
    detail: `${by} on ${robot} switched ${component} although: ${skipped.map(({ detail }) => detail).join(' ')}`,
    reason,
    loud: true,
  });
  return true;
}
