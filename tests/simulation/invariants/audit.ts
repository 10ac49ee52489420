/** An audit compares the server's records with what really happened, now and then and once more at the end. */
import type { Stage } from '../stage.ts';
import type { ServerRecords } from './server-records.ts';

export interface Audit {
  /** `last`: everything had the time to come to its end. */
  look(last: boolean): Promise<void>;
}
export interface AuditDeps {
  readonly stage: Stage;
  readonly records: ServerRecords;
}
