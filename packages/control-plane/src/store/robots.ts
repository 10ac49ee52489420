/** Slice: which robots belong to the fleet, and the keys they speak with. What they say is in presence.ts. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Labels } from '@fairlead/shared/fleet/robot-facts';
import type { Lifecycle } from '@fairlead/shared/fleet/states';
import type { EnvironmentName, RobotId, Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface RobotRecord {
  readonly robot: RobotId;
  readonly lifecycle: Lifecycle;
  readonly environment: EnvironmentName;
  readonly group?: string;
  readonly labels: Labels;
  /** The key it speaks with; also its fingerprint for people. */
  readonly keyid: Sha256;
  readonly quarantined?: Refusal;
  readonly enrolledAt: Instant;
}
export interface RobotKey {
  readonly keyid: Sha256;
  readonly robot: RobotId;
  /** Ed25519, 64 hex digits. */
  readonly publicKey: string;
  readonly addedAt: Instant;
  /** Set for good: a blocked key never speaks for any robot again. */
  readonly blockedAt?: Instant;
}

export interface Robots {
  find(robot: RobotId): Promise<RobotRecord | undefined>;
  /** Those of these that exist, in no order. */
  named(robots: readonly RobotId[]): Promise<readonly RobotRecord[]>;
  /** By name. */
  all(): Promise<readonly RobotRecord[]>;
  /** By name, those after `after`. */
  page(after: RobotId | undefined, limit: number): Promise<readonly RobotRecord[]>;
  /** How many robots are in that state. */
  count(lifecycle: Lifecycle): Promise<number>;
  /** Inserts, or replaces the whole record of that name. */
  save(record: RobotRecord): Promise<void>;

  findKey(keyid: Sha256): Promise<RobotKey | undefined>;
  /** False where this key was ever enrolled before, by whomever. */
  insertKey(key: RobotKey): Promise<boolean>;
  blockKey(keyid: Sha256, at: Instant): Promise<void>;
}
