/** Port: facts on their way to the control plane. What is appended arrives exactly once, also after days offline. */
import type { HealthChanged } from '@fairlead/shared/health/health-reports';
import type { ComponentName, DeploymentId } from '@fairlead/shared/ids';
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

/**
 * Port: changes of health, and the memory of what was reported last. Both are one transaction: an agent that is killed
 * in between neither loses a change nor reports it twice.
 */
export interface HealthReports {
  /** All or nothing, durable when it returns. Never throws. */
  appendAll(events: readonly ReportEvent[]): void;
  /** The newest `health-changed` of this component that was ever appended, also after its delivery. */
  lastHealth(component: ComponentName): { readonly time: string; readonly event: HealthChanged } | undefined;
}
