/** The manifest of a release that was verified once, fetched again: the same bytes, vouched for by the release key of today. */
import type { EnvironmentName } from '@fairlead/shared/ids';
import type { ReleaseIdentity } from '@fairlead/shared/release/manifest';
import { releaseTarget } from '@fairlead/shared/trust/names';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';

/** Undefined where the release is not listed any more, is another one of the same version, or can't be fetched. Never rejects. */
export type SignedManifest = (release: ReleaseIdentity) => Promise<Uint8Array | undefined>;

/** Looks up what the last refresh verified. */
export const signedManifestOf =
  (trust: Pick<TrustStore, 'lookup' | 'fetch'>, environment: EnvironmentName): SignedManifest =>
  async (release) => {
    const target = await trust.lookup(releaseTarget(environment, release));
    if (!target.ok || target.value.sha256 !== release.manifestSha256) return undefined;
    const bytes = await trust.fetch(target.value);
    return bytes.ok ? bytes.value : undefined;
  };
