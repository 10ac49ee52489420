/** What of a component is to be monitored: the release that this robot committed, while it is the one that is active. */
import type { MonitoredRelease } from '@fairlead/shared/health/health-reports';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { ReleaseFolder } from '../releases/release-folder.ts';

export interface CommittedRelease extends MonitoredRelease {
  readonly manifest: Manifest;
  /** Folder of the release. */
  readonly folder: string;
}

/** Undefined where nothing is committed, something else is active, or the manifest is not readable. */
export async function readCommittedRelease(folder: ReleaseFolder): Promise<CommittedRelease | undefined> {
  const committed = await folder.committed();
  if (!committed || !(await folder.points('active', committed.active))) return undefined;
  const manifest = await folder.readManifest(committed.active, 'monitor');
  if (!manifest.ok) return undefined;
  const { version, manifestSha256, releaseCounter } = committed.active;
  return {
    component: folder.component,
    active: { version, manifestSha256, ...(releaseCounter !== undefined && { releaseCounter }) },
    ...(committed.deployment && { deployment: committed.deployment }),
    manifest: manifest.value,
    folder: folder.paths.release(committed.active),
  };
}
