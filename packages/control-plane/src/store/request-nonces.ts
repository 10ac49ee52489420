/** Slice: nonces of signed robot requests, so that none is accepted twice (TRUST 4.10, attack 65). */
import type { Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface SignedRequest {
  readonly keyid: Sha256;
  readonly nonce: string;
  /** As the signature says, and covers: a replay says the same. */
  readonly created: Instant;
}

export interface RequestNonces {
  /**
   * For each, in this order: true the first time, false for a replay, also of another in the same batch. All that are
   * new are durable together.
   */
  rememberAll(requests: readonly SignedRequest[]): Promise<readonly boolean[]>;
  /**
   * Forgets some of those created before that: no more than a second's worth, so that nobody waits for long. False once
   * none is left.
   */
  forgetSome(before: Instant): Promise<boolean>;
}
