/**
 * Without its signed manifest a release can't be measured: where the disk lost those of what is installed, an update would
 * have nothing proven to go back to. They are fetched again before it begins, and kept only where they are the very bytes
 * that this robot committed to.
 */
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { ReleaseFolder } from '../releases/release-folder.ts';
import type { StepDeps } from './step-deps.ts';

/** Of the committed release and of the one before it. Answers whether what runs was restored, and its files are whole. */
export async function restoreManifests(
  folder: ReleaseFolder,
  { signedManifest }: Pick<StepDeps, 'signedManifest'>,
): Promise<boolean> {
  const committed = await folder.committed();
  let isRestored = false;
  for (const release of [committed?.active, committed?.previous]) {
    if (!release || (await folder.readManifest(release, 'decide')).ok) continue;
    const bytes = await signedManifest(release).catch(() => undefined);
    if (!bytes || sha256Hex(bytes) !== release.manifestSha256) continue;
    await folder.saveManifest(release, bytes);
    isRestored = true;
  }
  return isRestored && committed !== undefined && (await folder.measure(committed.active, 'verify')).ok;
}
