/**
 * Slice: the audit log. It is only ever appended to; what it says is bound into a chain (shared/fleet/audit.ts).
 */
import type { AuditEntry, AuditFact, AuditHead } from '@fairlead/shared/fleet/audit';
import type { Instant } from '@fairlead/shared/time';

export interface AuditFilter {
  /** A person, with what their API tokens did; or one API token as `AuditEntry.by` names it. */
  readonly by?: string;
  readonly action?: string;
  readonly element?: string;
}
export interface AuditPage {
  readonly order: 'oldest-first' | 'newest-first';
  /** The last entry of the page before. */
  readonly after?: number | undefined;
  readonly limit: number;
}

export interface AuditSlice {
  /**
   * Adds the next entry. From here to the end of the transaction nobody else can append: do it last, and never
   * wait for another row after it.
   */
  append(fact: AuditFact): Promise<AuditEntry>;
  head(): Promise<AuditHead>;
  find(seq: number): Promise<AuditEntry | undefined>;
  list(filter: AuditFilter, page: AuditPage): Promise<readonly AuditEntry[]>;
  /** Loud entries since then that this person (an id) has not acknowledged, newest first, at most 100. */
  notices(person: string, since: Instant): Promise<readonly AuditEntry[]>;
  /** Once is enough. */
  acknowledge(seq: number, person: string, at: Instant): Promise<void>;
}
