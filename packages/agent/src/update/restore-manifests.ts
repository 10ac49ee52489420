/**
 * Without its signed manifest a release can't be measured: where the disk lost those of what is installed, an update would
 * have nothing proven to go back to. They are fetched again before it begins, and kept only where they are the very bytes
 * that this robot committed to. The same holds for a list of files that a manifest names by digest.
 */
import { readFile } from 'node:fs/promises';
import { withFiles } from '@fairlead/shared/release/file-list';
import type { FileListReference, ReleaseIdentity } from '@fairlead/shared/release/manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { fetchPart } from '../download/fetch-part.ts';
import { openPart, removePart } from '../download/part-file.ts';
import { reclaimFolder } from '../releases/reclaim.ts';
import type { ReleaseFolder } from '../releases/release-folder.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'signedManifest' | 'layout' | 'blobs' | 'pace' | 'clock' | 'elapsed' | 'sleep'>;

/** Of the committed release and of the one before it. Answers whether what runs was restored, and its files are whole. */
export async function restoreManifests(folder: ReleaseFolder, deps: Deps): Promise<boolean> {
  const committed = await folder.committed();
  let isRestored = false;
  for (const release of [committed?.active, committed?.previous]) {
    if (!release) continue;
    if (await restoreManifest(release, folder, deps)) isRestored = true;
    if (await restoreFileList(release, folder, deps)) isRestored = true;
  }
  return isRestored && committed !== undefined && (await folder.measure(committed.active, 'verify')).ok;
}

async function restoreManifest(
  release: ReleaseIdentity,
  folder: ReleaseFolder,
  { signedManifest }: Pick<Deps, 'signedManifest'>,
): Promise<boolean> {
  if ((await folder.readManifest(release, 'decide')).ok) return false;
  const bytes = await signedManifest(release).catch(() => undefined);
  if (!bytes || sha256Hex(bytes) !== release.manifestSha256) return false;
  await folder.saveManifest(release, bytes);
  return true;
}

/** Fetches a lost list of files again, once. Answers whether it was lost and is here now. */
export async function restoreFileList(
  release: ReleaseIdentity,
  folder: ReleaseFolder,
  deps: Omit<Deps, 'signedManifest'>,
): Promise<boolean> {
  const manifest = await folder.readManifest(release, 'decide');
  if (!manifest.ok || !manifest.value.fileList || (await folder.readWithFiles(release, 'decide')).ok) return false;
  const list = await fetchOnce(manifest.value.fileList, deps).catch(() => undefined);
  if (!withFiles(manifest.value, list, 'decide').ok || !list) return false;
  await folder.saveFileList(release, list);
  return true;
}

async function fetchOnce(
  fileList: FileListReference,
  deps: Omit<Deps, 'signedManifest'>,
): Promise<Uint8Array | undefined> {
  await reclaimFolder(deps.layout.downloads);
  const file = deps.layout.part(fileList.sha256);
  const part = await openPart(file, deps.elapsed);
  try {
    const fetchDeps = { ...deps, now: () => deps.clock.now() };
    const attempt = await fetchPart(part, fileList, fetchDeps, new AbortController().signal, () => undefined);
    return attempt.ended === 'complete' ? await readFile(file) : undefined;
  } finally {
    await part.close();
    await removePart(file);
  }
}
