/** The janitor: what a crash, a refused release or an older update left behind. Whatever a link or a mark names stays. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DeploymentId } from '@fairlead/shared/ids';
import { releaseFolderName } from '@fairlead/shared/release/manifest';
import type { Journal } from '@fairlead/shared/update/journal';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { readLink, syncFolder, TEMP_MARK } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { readCommitted } from './committed.ts';
import { type ComponentLayout, type Layout, SELF_TEST_SCRATCH, SLOTS } from './layout.ts';

/** So many are kept for a person who wants to look into them. */
const STATE_BACKUPS = 2;

/** The update that is under way, and what it still needs. */
type UnderWay = Pick<Journal, 'deployment' | 'candidate' | 'current'>;

/** Removes every release, manifest, state backup and temp file of a component that nothing names. */
export async function sweepComponent(paths: ComponentLayout, underWay?: UnderWay): Promise<void> {
  const mark = await readCommitted(paths.committed);
  const marked = typeof mark === 'string' ? [] : [mark.active, mark.previous];
  const named = [...marked, underWay?.candidate, underWay?.current].filter((release) => release !== undefined);
  const folders = new Set(named.map(releaseFolderName));
  // By what the link says and not by what a manifest vouches for: a damaged manifest must not cost the release.
  for (const slot of SLOTS) folders.add(basename((await readLink(paths.slot(slot))) ?? ''));
  // The fresh tree of a release that is to take its own place: it may have been tested already.
  if (underWay?.current?.manifestSha256 === underWay?.candidate.manifestSha256 && underWay) {
    folders.add(basename(paths.unpacking(underWay.candidate)));
  }
  const digests = new Set([...folders].map((folder) => folder.slice(-12)));
  await sweep(paths.releases, (name) => folders.has(name));
  await sweep(paths.manifests, (name) => digests.has(name.slice(0, 12)));
  await sweep(paths.folder, (name) => !name.includes(TEMP_MARK));
  await sweepStateBackups(paths.stateBackups, underWay?.deployment);
}

/** Removes half-written files of the root folder and downloads nobody continues; `keep` names the parts that are. */
export async function sweepRoot(layout: Layout, keep: readonly string[]): Promise<void> {
  await sweep(layout.root, (name) => !name.includes(TEMP_MARK));
  await sweep(layout.downloads, (name) => keep.some((part) => name.startsWith(basename(part))));
}

/** Folders below the root in which single files are replaced: each cut in the middle of that leaves another one. */
const FOLDERS_OF_FILES = ['identity', 'launcher', 'outcomes', 'services', 'trust'];

/**
 * Removes what an agent that was killed left half-written beside its key, its services, its trust and its launcher's notes. Before this one
 * writes there: what it is about to rename must not be taken for a leftover.
 */
export async function sweepHalfWritten({ root }: Layout): Promise<void> {
  // Of a new agent that was cut off while it tried this machine.
  await sweep(root, (name) => !name.startsWith(SELF_TEST_SCRATCH));
  for (const folder of FOLDERS_OF_FILES) await sweep(join(root, folder), (name) => !name.includes(TEMP_MARK));
}

async function sweep(folder: string, keeps: (name: string) => boolean): Promise<void> {
  const gone = (await namesIn(folder)).filter((name) => !keeps(name));
  for (const name of gone) await removeTree(join(folder, name));
  if (gone.length > 0) await syncFolder(folder);
}

/**
 * Newest by name, because deployment ids sort by the server's time: by its own clock a robot that booted in 1970
 * takes the backup it is about to need for its oldest.
 */
async function sweepStateBackups(folder: string, needed: DeploymentId | undefined): Promise<void> {
  const newestFirst = (await namesIn(folder)).toSorted().toReversed();
  const old = newestFirst.slice(STATE_BACKUPS).filter((name) => name !== needed);
  for (const name of old) await rm(join(folder, name), { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
