/** Whether the release is on this robot already, whole. What only looks like it is taken out of the way. */
import type { ReleaseIdentity } from '@fairlead/shared/release/manifest';
import type { ReleaseFolder } from '../../releases/release-folder.ts';

/** True where the candidate's folder measures right: then there is nothing to download, verify or unpack. */
export async function clearDamagedCandidate(folder: ReleaseFolder, candidate: ReleaseIdentity): Promise<boolean> {
  if ((await folder.measure(candidate, 'stage')).ok) return true;
  // Never what runs now: `offer` refuses to install a release over itself.
  if (await folder.points('active', candidate)) return false;
  for (const slot of ['previous', 'staged'] as const) {
    if (await folder.points(slot, candidate)) await folder.unpoint(slot);
  }
  await folder.removeRelease(candidate);
  return false;
}
