/**
 * A release that is brought to this robot once more because its files are no longer what was signed. It is an update
 * from a release to itself: the fresh tree waits beside the damaged one, which runs on until the services stand still.
 */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, type Result } from '@fairlead/shared/failure';
import { type ReleaseIdentity, releaseFolderName } from '@fairlead/shared/release/manifest';
import type { Journal } from '@fairlead/shared/update/journal';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { renameDurably, syncFolder } from '@fairlead/toolkit/durable-files';
import type { ReleaseFolder } from '../releases/release-folder.ts';

export const isRepair = ({ candidate, current }: Pick<Journal, 'candidate' | 'current'>): boolean =>
  candidate.manifestSha256 === current?.manifestSha256;

/** Where the candidate's fresh files lie before the switch. */
export async function stagedFolder(journal: Journal, { paths }: ReleaseFolder): Promise<string> {
  const fresh = paths.unpacking(journal.candidate);
  return isRepair(journal) && existsSync(fresh) ? fresh : paths.release(journal.candidate);
}

/** Refused where there is no whole fresh tree to put in place, and nothing was touched then. */
export async function measureFresh(candidate: ReleaseIdentity, folder: ReleaseFolder): Promise<Result<unknown>> {
  const there = await folder.measure(candidate, 'switch');
  // Replaced already, before a power cut.
  if (there.ok) return accept(undefined);
  const manifest = await folder.readWithFiles(candidate, 'switch');
  return manifest.ok ? folder.measureAt(folder.paths.unpacking(candidate), manifest.value, 'switch') : manifest;
}

/**
 * Two renames with the services stopped. For the moment between them `active` leads nowhere, and the journal says
 * `switch`: whoever starts after a power cut right there finds the fresh tree and renames it.
 */
export async function putFreshInPlace(candidate: ReleaseIdentity, { paths, ...folder }: ReleaseFolder): Promise<void> {
  const fresh = paths.unpacking(candidate);
  if (!existsSync(fresh)) return;
  const place = paths.release(candidate);
  const aside = join(paths.releases, `.${releaseFolderName(candidate)}.damaged.tmp`);
  const isThere = await folder.holds(candidate);
  if (isThere) {
    await removeTree(aside);
    await rename(place, aside);
  }
  try {
    await renameDurably(fresh, place);
  } catch (error) {
    if (isThere) await rename(aside, place).catch(() => undefined);
    throw error;
  }
  await removeTree(aside);
  await syncFolder(paths.releases);
}
