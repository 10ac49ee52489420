/** Four eyes: how many people besides the author must agree before a release goes to an environment, and until when. */
import type { Instant } from '../time.ts';
import type { Vote } from './rollout.ts';

export interface Approval {
  readonly needed: number;
  readonly expiresAt: Instant;
  readonly votes: readonly Vote[];
}
export type ApprovalVerdict =
  | { readonly approval: 'approved' }
  | { readonly approval: 'denied'; readonly by: string; readonly reason?: string }
  | { readonly approval: 'expired' }
  | { readonly approval: 'waiting'; readonly have: number; readonly need: number };

/** One denial is enough; each person counts once; the author never does. */
export function judgeApproval({ needed, expiresAt, votes }: Approval, author: string, now: Instant): ApprovalVerdict {
  const denial = votes.find(({ verdict }) => verdict === 'denied');
  if (denial)
    return { approval: 'denied', by: denial.by, ...(denial.reason !== undefined && { reason: denial.reason }) };
  const people = new Set(votes.filter(({ by }) => by !== author).map(({ by }) => by));
  if (people.size >= needed) return { approval: 'approved' };
  if (now >= expiresAt) return { approval: 'expired' };
  return { approval: 'waiting', have: people.size, need: needed };
}
