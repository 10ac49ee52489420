/** Port: facts on their way to the control plane. What is appended arrives exactly once, also after days offline. */
import type { DeploymentId } from '@fairlead/shared/ids';
import type { ReportEvent } from '@fairlead/shared/trust/report';

export type { ReportEvent };

export interface Outbox {
  /** Durable when it returns (synchronous SQLite). Never throws: a full or dead disk must not decide an update. */
  append(event: ReportEvent): void;
  /** How many facts wait to be signed and sent. */
  count(): number;
  /** Whether an `update-ended` of this deployment was ever appended: it is not begun, and not told, twice. */
  hasEnded(deployment: DeploymentId): boolean;
}

/** A fact that is not signed yet: it has no place in the chain, so it may still be shed. */
export interface QueuedEvent {
  /** Unique on this robot, also across a lost spool: what was boarded under this key is not boarded again. */
  readonly key: string;
  readonly time: string;
  readonly clockTrust: 'director' | 'floor' | 'system';
  readonly bootId: string;
  readonly body: ReportEvent;
}

/** Port: the unsigned queue. */
export interface Spool extends Outbox {
  /** The oldest events, in the order they were appended. */
  oldest(limit: number): readonly QueuedEvent[];
  /** Durable when it returns. Unknown keys are fine. */
  remove(keys: readonly string[]): void;
  close(): void;
}
