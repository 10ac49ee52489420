/**
 * Port: what the robot (and the publisher) believes about signed metadata. Adapters keep it durable, refuse
 * everything TRUST.md names, and never let a slot switch or a crash rewind it.
 */
import type { Result } from '@fairlead/shared/failure';
import type { TrustVersions } from '@fairlead/shared/fleet/robot-facts';
import type { EnvironmentName, Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { TargetName } from '@fairlead/shared/trust/names';

/** Stable codes of TRUST.md section 6. */
export const TRUST_CODES = [
  'hash',
  'length',
  'too_long',
  'slow',
  'expired',
  'rollback',
  'version',
  'threshold',
  'key_alias',
  'keyid',
  'dup_sig',
  'key_type',
  'bad_key',
  'bad_signature',
  'bad_json',
  'name',
  'redirect',
  'encoding',
  'wrong_env',
  'not_found',
  'unavailable',
  'no_root',
  'store_damaged',
] as const;
export type TrustCode = (typeof TRUST_CODES)[number];
export interface TrustRefusal {
  readonly code: TrustCode;
  /** What was found, with figures, in one sentence. */
  readonly detail: string;
  /** Whether the same question may be answered differently later (network, expiry, a fix on the server). */
  readonly retryable: boolean;
}

/** A digest by another algorithm than SHA-256. */
export interface OtherDigest {
  readonly algorithm: string;
  readonly hex: string;
}

export interface VerifiedTarget {
  readonly name: TargetName;
  readonly length: number;
  readonly sha256: Sha256;
  /** As signed; parse it with trust/targets.ts. */
  readonly custom: unknown;
  /** Counts in place of `sha256`. Never present under the product's profile. */
  readonly otherDigest?: OtherDigest;
}

export interface TrustStore {
  /** Pins the root this store starts from; the first call wins, a different root later is refused. Verifies that the root signs itself. */
  pinRoot(root: Uint8Array): Promise<Result<void, TrustRefusal>>;
  /**
   * Runs the TUF client workflow (spec 5) at `now`, never earlier than the floor. On refusal the store keeps the
   * documents that were verified before the refused one, as the specification asks, and nothing else.
   */
  refresh(now: Instant): Promise<Result<TrustVersions, TrustRefusal>>;
  /** Looks a name up in what the last successful refresh verified, following delegations. `not_found` if unlisted. */
  lookup(name: TargetName): Promise<Result<VerifiedTarget, TrustRefusal>>;
  /** Fetches a small target (manifest, policy, director keys) and returns its verified bytes; at most `LIMITS.manifestBytes`. */
  fetch(target: VerifiedTarget): Promise<Result<Uint8Array, TrustRefusal>>;
  /** Bytes of the last verified fetch of a policy or of the director keys; survives restarts, needs no network. */
  remembered(name: TargetName): Uint8Array | undefined;
  /** Verified text of a role's newest version: what a publisher signs the next one of. An environment's may be expired. */
  role(role: 'targets' | EnvironmentName): Promise<Result<string, TrustRefusal>>;
  versions(): TrustVersions;
  /** No authentic time earlier than this can be true (TRUST 4.7): build time, verified `x_issued`, director time. */
  timeFloor(): Instant;
  /** Only ever called with authenticated time. Never lowers the floor. */
  raiseTimeFloor(to: Instant): void;
  /** Highest assignment sequence obeyed so far, with the digest of its desired content; anti-replay across restarts. */
  lastAssignment(): { readonly seq: number; readonly sha256: Sha256 } | undefined;
  rememberAssignment(seq: number, sha256: Sha256): void;
  close(): void;
}
