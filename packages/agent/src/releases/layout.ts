/** Where everything of an update lies under the agent's root folder (DESIGN 5). Paths only: nothing is touched. */
import { join } from 'node:path';
import type { ComponentName, DeploymentId, Sha256 } from '@fairlead/shared/ids';
import { type ReleaseIdentity, releaseFolderName } from '@fairlead/shared/release/manifest';

export const SLOTS = ['active', 'previous', 'staged'] as const;
export type Slot = (typeof SLOTS)[number];

/** What the self-test writes into the root folder begins with this, and is gone after it. */
export const SELF_TEST_SCRATCH = '.self-test';

export interface ComponentLayout {
  readonly folder: string;
  readonly releases: string;
  readonly manifests: string;
  readonly committed: string;
  readonly abandoned: string;
  readonly stateBackups: string;
  release(release: ReleaseIdentity): string;
  /** Where a release is unpacked before one rename gives it its name. */
  unpacking(release: ReleaseIdentity): string;
  /** The relative link, and what it must say to mean `release`. */
  slot(slot: Slot): string;
  linkTo(release: ReleaseIdentity): string;
  manifest(sha256: Sha256): string;
  /** The list of files of a release that names it by digest, beside its manifest. */
  fileList(manifest: Sha256): string;
  stateBackup(deployment: DeploymentId): string;
}
export interface Layout {
  readonly root: string;
  readonly journal: string;
  readonly downloads: string;
  readonly components: string;
  /** How the last update of each component ended. */
  readonly outcomes: string;
  /** A blob on its way (or whole), by the digest it must have. */
  part(blob: Sha256): string;
  component(name: ComponentName): ComponentLayout;
}

export function layoutOf(root: string): Layout {
  const components = join(root, 'components');
  const downloads = join(root, 'downloads');
  return {
    root,
    journal: join(root, 'journal.json'),
    downloads,
    components,
    outcomes: join(root, 'outcomes'),
    part: (blob) => join(downloads, `${blob}.part`),
    component: (name) => componentLayout(join(components, name)),
  };
}

function componentLayout(folder: string): ComponentLayout {
  const at = (...names: string[]) => join(folder, ...names);
  return {
    folder,
    releases: at('releases'),
    manifests: at('manifests'),
    committed: at('committed.json'),
    abandoned: at('abandoned.json'),
    stateBackups: at('state-backups'),
    release: (release) => at('releases', releaseFolderName(release)),
    unpacking: (release) => at('releases', `.${releaseFolderName(release)}.tmp`),
    slot: (slot) => at(slot),
    linkTo: (release) => `releases/${releaseFolderName(release)}`,
    manifest: (sha256) => at('manifests', `${sha256}.json`),
    fileList: (manifest) => at('manifests', `${manifest}.files.json`),
    stateBackup: (deployment) => at('state-backups', deployment),
  };
}
