import { accept, refuse } from '@fairlead/shared/failure';
import { identify, manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { releaseTarget } from '@fairlead/shared/trust/names';
import type { TrustRefusal, TrustStore, VerifiedTarget } from '@fairlead/toolkit/trust/trust-store';
import { expect, test } from 'vitest';
import { signedManifestOf } from './signed-manifest.ts';

const manifest = sampleManifest([{ path: 'policy.onnx', content: 'weights' }]);
const bytes = manifestBytes(manifest);
const release = identify(manifest, bytes);
const notFound = refuse({ code: 'not_found', detail: 'It is not listed.' } as TrustRefusal);

function trustThatLists(sha256: string): Pick<TrustStore, 'lookup' | 'fetch'> {
  return {
    lookup: async (name) =>
      name === releaseTarget('production', release) ? accept({ name, sha256 } as VerifiedTarget) : notFound,
    fetch: async () => accept(bytes),
  };
}

test('the manifest of an installed release is fetched as its environment signed it', async () => {
  const trust = trustThatLists(release.manifestSha256);
  expect(await signedManifestOf(trust, 'production')(release)).toEqual(bytes);
  expect(await signedManifestOf(trust, 'staging')(release)).toBeUndefined();
});

test('another release of the same version is not the one that is installed', async () => {
  expect(await signedManifestOf(trustThatLists('0'.repeat(64)), 'production')(release)).toBeUndefined();
});
