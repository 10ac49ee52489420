/** What changes in a role that is renewed: its expiry, and in targets the end of the director's key too. */
import type { Instant } from '@fairlead/shared/time';
import { canonicalJson } from '@fairlead/shared/trust/canonical-json';
import { LIFETIMES_MS } from '@fairlead/shared/trust/lifetimes';
import { DIRECTOR_TARGET } from '@fairlead/shared/trust/names';
import { directorKeys } from '@fairlead/shared/trust/repository';
import { keyIdOf } from '@fairlead/shared/trust/verify-ed25519';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import type { CliContext } from '../context.ts';
import type { RoleChange } from '../release/publish-role-change.ts';
import type { SignedRole } from './publisher-trust.ts';
import { readDirectorKeys } from './read-signed.ts';

export interface Director {
  /** Public key, 64 hex digits, as the control plane says it: hearsay until somebody compared its fingerprint. */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** Whether robots obey this very key already. */
  readonly isKnown: boolean;
}

/** The key that the control plane signs assignments with now, compared with what is signed. */
export async function askDirector(context: CliContext, trust: TrustStore): Promise<Director> {
  const { onlineKeys } = await context.client().publish.trustState();
  const { keys } = await readDirectorKeys(trust);
  const publicKey = onlineKeys.director;
  return {
    publicKey,
    fingerprint: keyIdOf(publicKey),
    isKnown: keys.some((key) => key.public === publicKey),
  };
}

/** Only the key of `director` is listed then: one that the server no longer holds must not give orders any more. */
export function planRenewal(role: SignedRole, director: Director | undefined, now: Instant): RoleChange {
  if (role !== 'targets' || !director) return { set: [], remove: [] };
  const text = canonicalJson(directorKeys(director.publicKey, now));
  return { set: [{ name: DIRECTOR_TARGET, text }], remove: [] };
}

/** When the role will expire that is signed now. */
export const renewedUntil = (role: SignedRole, now: Instant): Instant => now + LIFETIMES_MS[role];
