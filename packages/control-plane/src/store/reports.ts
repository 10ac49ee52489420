/** Slice: durable reports, exactly as their robots signed them. */
import type { RobotId, Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { Envelope } from '@fairlead/shared/trust/assignment';

/** A report's place in its robot's chain. */
export interface ChainLink {
  readonly seq: number;
  readonly sha256: Sha256;
}
export interface StoredReport extends ChainLink {
  /** The key that signed it: each key has its own chain. */
  readonly keyid: Sha256;
  readonly robot: RobotId;
  readonly envelope: Envelope;
  readonly receivedAt: Instant;
}

export interface Reports {
  /** The last report of a key's chain; undefined before the first. */
  head(keyid: Sha256): Promise<ChainLink | undefined>;
  find(keyid: Sha256, seq: number): Promise<ChainLink | undefined>;
  /** Rejects where the chain has that place already. */
  add(report: StoredReport): Promise<void>;
}
