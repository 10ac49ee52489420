/** The people of a rollout, for a notice about its end. */
import type { Rollout } from '@fairlead/shared/rollout/rollout';

/** Who created it, and who agreed to it. */
export function describePeople({ createdBy, approval }: Rollout): string {
  const approvers = (approval?.votes ?? []).filter(({ verdict }) => verdict === 'approved').map(({ by }) => by);
  return approvers.length === 0
    ? `It was created by ${createdBy}.`
    : `It was created by ${createdBy} and approved by ${approvers.join(', ')}.`;
}
