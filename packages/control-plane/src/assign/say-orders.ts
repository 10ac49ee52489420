/** A direct order as its one line in the audit log, however many robots it names. */
import type { AuditFact } from '@fairlead/shared/fleet/audit';
import { sayTarget, type Target } from '@fairlead/shared/fleet/target';
import { sayRelease } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { Ordered } from './deploy.ts';

export function sayOrders(
  action: string,
  { target, reason }: { readonly target: Target; readonly reason?: string },
  { deployments, skipped }: Ordered,
  by: string,
  at: Instant,
): AuditFact {
  const releases = [...new Set(deployments.map(sayRelease))].join(', ') || 'nothing';
  const leftOut = skipped.length === 0 ? '' : `; ${skipped.length} were left out`;
  return {
    at,
    by,
    action,
    element: sayTarget(target),
    detail: `${deployments.length === 1 ? '1 robot was' : `${deployments.length} robots were`} ordered ${releases}${leftOut}.`,
    ...(reason !== undefined && { reason }),
  };
}
