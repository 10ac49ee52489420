/** What the release key forbids to run, as far as this robot knows without asking anybody. */
import type { Refusal } from '@fairlead/shared/failure';
import type { EnvironmentName } from '@fairlead/shared/ids';
import type { ReleaseIdentity } from '@fairlead/shared/release/manifest';
import { policyTarget } from '@fairlead/shared/trust/names';
import { EnvironmentPolicy } from '@fairlead/shared/trust/targets';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { recallSigned } from '../poll/signed-document.ts';

/** Why a release must never run; undefined where nothing forbids it. */
export type Forbids = (release: ReleaseIdentity) => Refusal | undefined;

export const forbiddenByPolicy =
  (trust: Pick<TrustStore, 'lookup' | 'fetch' | 'remembered'>, environment: EnvironmentName): Forbids =>
  ({ component, version, manifestSha256 }) => {
    const policy = recallSigned(trust, policyTarget(environment), EnvironmentPolicy);
    const denied = policy?.deny.find((each) => each.sha256 === manifestSha256 && each.severity === 'never-run');
    if (!denied) return undefined;
    return {
      phase: 'roll-back',
      component,
      element: `${component}@${version}`,
      category: 'denied',
      detail: `${component}@${version} was withdrawn (never-run): ${denied.reason}`.slice(0, 2000),
      retryable: false,
      hint: 'Deploy a good release from the server; what runs is left running.',
    };
  };
