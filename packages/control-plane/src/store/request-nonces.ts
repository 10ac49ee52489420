/** Slice: nonces of signed robot requests, so that none is accepted twice (TRUST 4.10, attack 65). */
import type { Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface RequestNonces {
  /** True the first time; false for a replay. */
  remember(keyid: Sha256, nonce: string, at: Instant): Promise<boolean>;
  /** Forgets what no signature could still be valid with. */
  forgetBefore(instant: Instant): Promise<void>;
}
