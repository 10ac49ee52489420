/** A rollout waits for people, and goes on, or ends, by what they say. */

import type { Refusal } from '../failure.ts';
import type { Instant } from '../time.ts';
import { judgeApproval } from './approval.ts';
import { type Hold, hold } from './hold-reasons.ts';
import type { Rollout } from './rollout.ts';

export type ApprovalDecision =
  | Hold
  | { readonly do: 'schedule' }
  | { readonly do: 'deny'; readonly why: Refusal; readonly state: 'denied' | 'expired' };

export function planApproval(rollout: Rollout, now: Instant): ApprovalDecision {
  const { approval, createdBy } = rollout;
  const verdict = approval ? judgeApproval(approval, createdBy, now) : { approval: 'approved' as const };
  switch (verdict.approval) {
    case 'approved':
      return { do: 'schedule' };
    case 'denied': {
      const { why } = hold(
        rollout,
        'denied',
        `${verdict.by} denied it${saying(verdict.reason)}`,
        'Ask why, then roll out anew.',
      );
      return { do: 'deny', state: 'denied', why };
    }
    case 'expired': {
      const { why } = hold(
        rollout,
        'approval_expired',
        'Nobody approved it in time',
        'Roll it out anew and tell the approvers.',
      );
      return { do: 'deny', state: 'expired', why };
    }
    case 'waiting': {
      const says = `It waits for approval: ${verdict.have} of ${verdict.need}; ${createdBy}, who made it, does not count`;
      return hold(
        rollout,
        'needs_approval',
        says,
        `Another person runs: fairlead rollout approve ${rollout.rollout}`,
        approval?.expiresAt,
      );
    }
  }
}

const saying = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`);
