/**
 * One component's releases on disk: immutable folders, three relative links that change only by rename, the
 * manifests beside them, and the committed mark. Nothing here decides; the steps do.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { ComponentName, type Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { withFiles } from '@fairlead/shared/release/file-list';
import {
  type Manifest,
  type ManifestWithFiles,
  type ReleaseIdentity,
  releaseFolderName,
} from '@fairlead/shared/release/manifest';
import { parseManifest } from '@fairlead/shared/release/parse-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { MeasureTree } from '@fairlead/toolkit/bundle/bundle';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { linkDurably, readLink, syncFolder } from '@fairlead/toolkit/durable-files';
import { isFolder, isMissing } from '@fairlead/toolkit/file-error';
import { readAbandoned, writeAbandoned } from './abandoned.ts';
import { type Committed, readCommitted, writeCommitted } from './committed.ts';
import type { ComponentLayout, Layout, Slot } from './layout.ts';
import { reclaimFile, reclaimFolder } from './reclaim.ts';

/** A list of files beside a manifest, as the layout names it. */
const LIST_ENDING = '.files.json';

type MeasurePhase = Parameters<MeasureTree>[0]['phase'];

export interface ReleaseFolder {
  readonly component: ComponentName;
  readonly paths: ComponentLayout;
  /** The release a link means, or undefined where there is no link or no manifest vouches for where it points. */
  slot(slot: Slot): Promise<ReleaseIdentity | undefined>;
  /** Whether the link is there, whatever it names: something is, or was, in this slot. */
  isLinked(slot: Slot): Promise<boolean>;
  /** Moves a link by one rename and an fsync of the folder. */
  point(slot: Slot, release: ReleaseIdentity): Promise<void>;
  /** Removes a link durably; absent is fine. */
  unpoint(slot: Slot): Promise<void>;
  /** Whether a link means this very release. */
  points(slot: Slot, release: ReleaseIdentity): Promise<boolean>;
  /** Keeps the signed bytes beside the release, durably. */
  saveManifest(release: ReleaseIdentity, bytes: Uint8Array): Promise<void>;
  /** Reads a manifest back; its digest is checked again, so what a disk did to it is found here. */
  readManifest(release: ReleaseIdentity, phase: Phase): Promise<Result<Manifest>>;
  /** Keeps the list of files that a manifest names by digest beside it, durably. */
  saveFileList(release: ReleaseIdentity, bytes: Uint8Array): Promise<void>;
  /** The manifest with its files; a list by digest is compared with that digest each time. */
  readWithFiles(release: ReleaseIdentity, phase: Phase): Promise<Result<ManifestWithFiles>>;
  /** Measures the release's folder against its signed manifest, byte by byte. */
  measure(release: ReleaseIdentity, phase: MeasurePhase): Promise<Result<Manifest>>;
  /** The same for a tree that has not got its name yet. */
  measureAt(tree: string, manifest: ManifestWithFiles, phase: MeasurePhase): Promise<Result<unknown>>;
  /** Whether the release has a folder here; what is in it is another question. */
  holds(release: ReleaseIdentity): Promise<boolean>;
  /** Removes a release's folder durably; absent is fine. */
  removeRelease(release: ReleaseIdentity): Promise<void>;
  /** The mark, where there is one that can be read. */
  committed(): Promise<Committed | undefined>;
  /** Whether a mark was written and can't be read any more. */
  hasDamagedMark(): Promise<boolean>;
  commit(committed: Omit<Committed, 'schema'>): Promise<void>;
  /** Digests of the releases that a person on this robot rolled back from, oldest first. */
  abandoned(): Promise<readonly Sha256[]>;
  saveAbandoned(manifests: readonly Sha256[]): Promise<void>;
}

export async function openReleaseFolder(
  layout: Layout,
  component: ComponentName,
  measureTree: MeasureTree,
): Promise<ReleaseFolder> {
  const paths = layout.component(component);
  for (const folder of [paths.folder, paths.releases, paths.manifests, paths.stateBackups]) await reclaimFolder(folder);

  const readManifest: ReleaseFolder['readManifest'] = async (release, phase) => {
    const bytes = await readFile(paths.manifest(release.manifestSha256)).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      if (isFolder(error)) return new Uint8Array();
      throw error;
    });
    if (bytes && sha256Hex(bytes) === release.manifestSha256) return parseManifest(bytes, phase);
    return refuse({
      phase,
      component,
      element: basename(paths.manifest(release.manifestSha256)),
      category: bytes ? 'damaged_manifest' : 'missing_manifest',
      detail: `The signed manifest of ${release.version} is ${bytes ? 'damaged' : 'not'} on this robot's disk.`,
      retryable: true,
      hint: 'Deploy the release again; if it happens twice, check the disk.',
    });
  };
  const readWithFiles: ReleaseFolder['readWithFiles'] = async (release, phase) => {
    const manifest = await readManifest(release, phase);
    if (!manifest.ok) return manifest;
    const { fileList } = manifest.value;
    const file = paths.fileList(release.manifestSha256);
    const listed = withFiles(manifest.value, fileList && (await readOfSize(file, fileList.size)), phase);
    return listed.ok ? listed : refuse(unreadableList(listed.refused, basename(file)));
  };
  return {
    component,
    paths,
    readManifest,
    readWithFiles,
    slot: async (slot) => {
      const link = await readLink(paths.slot(slot));
      return link === undefined ? undefined : findByLink(paths, component, link);
    },
    isLinked: async (slot) => (await readLink(paths.slot(slot))) !== undefined,
    point: (slot, release) => linkDurably(paths.slot(slot), paths.linkTo(release)),
    unpoint: async (slot) => {
      // Also where a restored backup made a folder of it.
      await removeTree(paths.slot(slot));
      await syncFolder(paths.folder);
    },
    points: async (slot, release) => (await readLink(paths.slot(slot))) === paths.linkTo(release),
    saveManifest: (release, bytes) => reclaimFile(paths.manifest(release.manifestSha256), bytes),
    saveFileList: (release, bytes) => reclaimFile(paths.fileList(release.manifestSha256), bytes),
    measure: async (release, phase) => {
      const manifest = await readWithFiles(release, phase);
      if (!manifest.ok) return manifest;
      const measured = await measureTree({ folder: paths.release(release), manifest: manifest.value, phase });
      return measured.ok ? manifest : measured;
    },
    measureAt: (tree, manifest, phase) => measureTree({ folder: tree, manifest, phase }),
    holds: async (release) => (await readdir(paths.releases)).includes(releaseFolderName(release)),
    removeRelease: async (release) => {
      await removeTree(paths.release(release));
      await syncFolder(paths.releases);
    },
    committed: async () => {
      const mark = await readCommitted(paths.committed);
      return typeof mark === 'string' ? undefined : mark;
    },
    hasDamagedMark: async () => (await readCommitted(paths.committed)) === 'damaged',
    commit: (committed) => writeCommitted(paths.committed, committed),
    abandoned: () => readAbandoned(paths.abandoned),
    saveAbandoned: (manifests) => writeAbandoned(paths.abandoned, manifests),
  };
}

/** Undefined where the file is absent, or has another size: a file that the disk has spoilt is not read into memory. */
async function readOfSize(file: string, size: number): Promise<Uint8Array | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size === size ? await readFile(file) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const unreadableList = (refusal: Refusal, element: string): Refusal => ({
  ...refusal,
  element,
  retryable: true,
  hint: 'Deploy the release again; if it happens twice, check the disk.',
});

/** Components that have a folder on this robot. */
export async function listComponents(layout: Layout): Promise<ComponentName[]> {
  await reclaimFolder(layout.components);
  const names = (await readdir(layout.components)).map((name) => parse(ComponentName, name));
  return names.flatMap((name) => (name.ok ? [name.value] : []));
}

/** The release a link text names, where one of the manifests beside the releases vouches for it. */
async function findByLink(
  paths: ComponentLayout,
  component: ComponentName,
  link: string,
): Promise<ReleaseIdentity | undefined> {
  const digest12 = link.slice(-12);
  for (const name of await readdir(paths.manifests)) {
    if (!name.startsWith(digest12) || name.endsWith(LIST_ENDING)) continue;
    const bytes = await readFile(join(paths.manifests, name)).catch(() => new Uint8Array());
    const manifest = parseManifest(bytes);
    if (!manifest.ok) continue;
    const release = { component, version: manifest.value.version, manifestSha256: sha256Hex(bytes) };
    if (paths.linkTo(release) === link) return release;
  }
  return undefined;
}
