/** Port: facts on their way to the control plane. What is appended arrives exactly once, also after days offline. */
import type { ReportEvent } from '@fairlead/shared/trust/report';

export type { ReportEvent };

export interface Outbox {
  /** Durable when it returns (synchronous SQLite). Never fails for want of room: see the policy in spool.ts. */
  append(event: ReportEvent): void;
  /** How many facts the server has not acknowledged. */
  count(): number;
}
