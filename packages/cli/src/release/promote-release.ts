/** Finds a release in one environment as signed there, ready to be signed into the next: the very same bytes. */
import { type EnvironmentName, type ReleaseRef, sayRelease } from '@fairlead/shared/ids';
import { identify, parseManifest } from '@fairlead/shared/release/parse-manifest';
import { releaseTarget } from '@fairlead/shared/trust/names';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { CliError, EXIT, refusedError } from '../cli-error.ts';
import { trustError } from '../trust/publisher-trust.ts';
import type { PublishOrder } from './plan-publish.ts';

/** `trust` was refreshed. Throws a CliError where `from` does not vouch for the release. */
export async function promotion(
  trust: TrustStore,
  release: ReleaseRef,
  { from, to }: { readonly from: EnvironmentName; readonly to: EnvironmentName },
): Promise<PublishOrder> {
  const listed = await trust.lookup(releaseTarget(from, release));
  if (!listed.ok && listed.refused.code === 'not_found') {
    throw new CliError(`${sayRelease(release)} is not published in ${from}.`, {
      hint: `See fairlead release list --env ${from}.`,
      exitCode: EXIT.refused,
    });
  }
  if (!listed.ok) throw trustError(listed.refused);
  const manifestBytes = await trust.fetch(listed.value);
  if (!manifestBytes.ok) throw trustError(manifestBytes.refused);
  const manifest = parseManifest(manifestBytes.value, 'publish');
  if (!manifest.ok) throw refusedError(manifest.refused);
  const identity = identify(manifest.value, manifestBytes.value);
  return {
    manifest: manifest.value,
    manifestBytes: manifestBytes.value,
    identity,
    environment: to,
    promotedFrom: from,
  };
}
