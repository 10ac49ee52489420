/** The audit log for people: read, verified, and its loud entries shown until seen. */

import { setImmediate } from 'node:timers/promises';
import type { rulesApi } from '@fairlead/shared/api/rules-api';
import { AUDIT_START, type AuditHead, type BrokenChain, verifyAuditChain } from '@fairlead/shared/fleet/audit';
import { type Clock, HOUR } from '@fairlead/shared/time';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { AuditSlice } from '../store/audit.ts';
import type { Store } from '../store/store.ts';

type AuditRoutes = Pick<typeof rulesApi, 'listAudit' | 'verifyAudit' | 'listNotices' | 'acknowledgeNotice'>;
const DEFAULT_PAGE = 100;
const VERIFIED_AT_ONCE = 500;
const SHOWN_FOR = 24 * HOUR;

export function auditHandlers({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: Clock;
}): Handlers<AuditRoutes> {
  const { audit } = store;
  return {
    async listAudit({ query: { order = 'newest-first', cursor, limit = DEFAULT_PAGE, ...filter } }) {
      const after = cursor === undefined ? undefined : Number(cursor);
      if (after !== undefined && !Number.isSafeInteger(after)) {
        throw problem('bad_request', 'The cursor is not one that this list gave out.');
      }
      const found = await audit.list(filter, { order, after, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(found.length > limit && last && { next: String(last.seq) }) };
    },

    async verifyAudit() {
      const { head, broken } = await verify(audit);
      return { entries: head.seq, sha256: head.sha256, ...(broken && { broken }) };
    },

    listNotices: async ({ caller }) => ({ items: [...(await audit.notices(caller.id, clock.now() - SHOWN_FOR))] }),

    async acknowledgeNotice({ params, caller }) {
      const seq = Number(params.seq);
      if (!(await audit.find(seq))?.loud) {
        throw problem('not_found', `There is no notice ${params.seq}.`, { hint: 'See fairlead alert list.' });
      }
      await audit.acknowledge(seq, caller.id, clock.now());
      return {};
    },
  };
}

/** From the first entry to the newest, in pages: the log of years must not stop the robots. */
async function verify(audit: AuditSlice): Promise<{ readonly head: AuditHead; readonly broken?: BrokenChain }> {
  let head = AUDIT_START;
  while (true) {
    const page = await audit.list({}, { order: 'oldest-first', after: head.seq, limit: VERIFIED_AT_ONCE });
    const verified = verifyAuditChain(head, page);
    if (!verified.ok) return { head, broken: verified.refused };
    head = verified.value;
    if (page.length === 0) break;
    await setImmediate();
  }
  // Entries cut off at the end leave a chain that holds; the row that appends queue at still knows how long it was.
  const newest = await audit.head();
  if (newest.seq <= head.seq) return { head };
  return {
    head,
    broken: { seq: head.seq + 1, detail: `The log had ${newest.seq} entries; those after ${head.seq} are gone.` },
  };
}
