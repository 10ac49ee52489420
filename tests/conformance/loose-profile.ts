/**
 * The agent's trust store with the settings in which Fairlead is stricter than the TUF specification loosened:
 * any target and role name, any key type and key id, other digests than SHA-256, the suite’s sizes. Everything else is the product.
 */
import type { TrustProfile } from '@fairlead/toolkit/trust/trust-profile';

const MIB = 1024 * 1024;

export const LOOSE_PROFILE: TrustProfile = {
  checkName: () => undefined,
  inspect: () => undefined,
  caps: { root: MIB, timestamp: MIB, snapshot: 5 * MIB, role: 5 * MIB },
  maxTargetBytes: 64 * MIB,
  otherDigests: ['sha512', 'sha384'],
  maxDelegations: 32,
};
