/** Slice: one-time tokens that let a robot join without waiting (TRUST 4.11). */
import type { Labels } from '@fairlead/shared/fleet/robot-facts';
import type { EnvironmentName, RobotId, Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface EnrolmentToken {
  readonly id: string;
  readonly secretSha256: Sha256;
  readonly environment: EnvironmentName;
  /** Bound to this name; any name where absent. */
  readonly robot?: RobotId;
  readonly group?: string;
  readonly labels?: Labels;
  readonly createdBy: string;
  /** Ids of the person, and of the API token where it made this one: it goes with them. */
  readonly userId?: string;
  readonly apiToken?: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly usedBy?: RobotId;
}

export interface EnrolmentTokens {
  insert(token: EnrolmentToken): Promise<void>;
  /** Also used and expired ones, so that the caller can say which it is. */
  find(secretSha256: Sha256): Promise<EnrolmentToken | undefined>;
  /** Neither used nor expired at `now`, oldest first. */
  usable(now: Instant): Promise<readonly EnrolmentToken[]>;
  /** True for exactly one caller, ever: call it in the transaction that inserts the robot (attack 70). */
  use(id: string, robot: RobotId, at: Instant): Promise<boolean>;
  /** False where there is none. */
  remove(id: string): Promise<boolean>;
}
