/**
 * Before a role may name a release, its list of files is compared with the digest that its manifest names, and its bundle is
 * unpacked in thought and every file in it compared with the list: a robot must never be the first to find out that they differ. This reads gigabytes, so it comes
 * before the transaction, and what was found good once is remembered by the manifest's digest.
 */
import { readFile } from 'node:fs/promises';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { Sha256 } from '@fairlead/shared/ids';
import { withFiles } from '@fairlead/shared/release/file-list';
import { blobsOf, type Manifest, sizeOnDisk } from '@fairlead/shared/release/manifest';
import { parseManifest } from '@fairlead/shared/release/parse-manifest';
import type { Clock } from '@fairlead/shared/time';
import type { HasBlob } from '@fairlead/shared/trust/check-release-entry';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { asTargetName } from '@fairlead/shared/trust/names';
import type { CheckBundle } from '@fairlead/toolkit/bundle/bundle';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { ReleasesSlice } from '../store/releases.ts';

export interface BundleCheck {
  readonly artifacts: ArtifactStore;
  readonly releases: ReleasesSlice;
  readonly clock: Clock;
  readonly checkBundle: CheckBundle;
}

/** Unpacked bytes of one release. A bundle of a few megabytes may unpack to any size: this server hashes no more than this. */
const MOST_UNPACKED_BYTES = 256 * 1024 ** 3;

/** Checks the bundle of every release among `texts`, whose signatures were checked. Accepts with what is known to be here, complete and right. */
export async function checkBundles(
  deps: BundleCheck,
  texts: Readonly<Record<string, string>>,
): Promise<Result<HasBlob>> {
  const sizes = new Map<Sha256, number>();
  for (const [name, text] of Object.entries(texts)) {
    if (!asTargetName(name)?.startsWith('releases/')) continue;
    const manifest = parseManifest(Buffer.from(text), 'publish');
    if (!manifest.ok) return refuse({ ...manifest.refused, element: name });
    const unpacked = sizeOnDisk(manifest.value);
    if (unpacked > MOST_UNPACKED_BYTES) return refuse(tooBig(name, unpacked));
    const blobs = blobsOf(manifest.value);
    // A missing blob is refused with the role itself, beside everything else that is wrong with it.
    if (!(await areHere(deps, blobs))) continue;
    const checked = await checkOnce(deps, manifest.value, sha256Hex(text));
    if (!checked.ok) return checked;
    for (const { sha256, size } of blobs) sizes.set(sha256, size);
  }
  return accept((sha256, size) => sizes.get(sha256) === size);
}

async function areHere({ artifacts }: BundleCheck, blobs: ReturnType<typeof blobsOf>): Promise<boolean> {
  for (const { sha256, size } of blobs) if ((await artifacts.size(sha256)) !== size) return false;
  return true;
}

async function checkOnce(deps: BundleCheck, manifest: Manifest, manifestSha256: Sha256): Promise<Result<unknown>> {
  if (await deps.releases.isBundleChecked(manifestSha256)) return accept(undefined);
  const { fileList, bundle } = manifest;
  // Its size was compared with the manifest's, which has a limit.
  const list = fileList && (await deps.artifacts.lend(fileList.sha256, (file) => readFile(file)));
  const listed = withFiles(manifest, list, 'publish');
  if (!listed.ok) return listed;
  const checked = await deps.artifacts.lend(bundle.sha256, (file) =>
    deps.checkBundle({ bundle: file, manifest: listed.value, phase: 'publish' }),
  );
  if (checked?.ok) await deps.releases.rememberCheckedBundle(manifestSha256, deps.clock.now());
  return checked ?? accept(undefined);
}

const tooBig = (name: string, bytes: number): Refusal => ({
  phase: 'publish',
  element: name,
  category: 'too_big',
  detail: `The release unpacks to ${bytes} bytes; at most ${MOST_UNPACKED_BYTES} are accepted.`,
  retryable: false,
  hint: 'Build a smaller release.',
});
