/** Permission by busy leases: nobody is asked at download, everybody around the switch (DESIGN 7.8). */
import { SECOND } from '@fairlead/shared/time';
import type { SwitchPermission } from '../update/switch-permission.ts';
import type { LeaseBook } from './lease-book.ts';

export const leasePermission = (book: Pick<LeaseBook, 'list'>): SwitchPermission => ({
  ask: async (component) => {
    const [longest, ...others] = book.list();
    if (!longest) return { granted: true };
    const { owner, expiresAt, reason, remainingSec } = longest;
    const more = others.length > 0 ? ` (and of ${others.map((lease) => lease.owner).join(', ')})`.slice(0, 500) : '';
    return {
      granted: false,
      askAgainInMs: remainingSec * SECOND,
      reason: {
        phase: 'wait',
        component,
        element: owner,
        category: 'busy_lease',
        detail: `lease of ${owner} until ${expiresAt}: ${reason}${more}`,
        retryable: true,
        hint: `It switches when ${owner} releases its lease or lets it expire (\`fairlead-agent lease list\`).`,
      },
    };
  },
});
