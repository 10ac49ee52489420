/** What of a component is to be monitored: the release that this robot committed, while it is the one that is active. */
import type { MonitoredRelease } from '@fairlead/shared/health/health-reports';
import { type MonitoringPolicy, monitoringPolicy } from '@fairlead/shared/health/monitoring-policy';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import type { Committed } from '../releases/committed.ts';
import type { ReleaseFolder } from '../releases/release-folder.ts';
import { checksOf } from '../update/health-watch.ts';

/** Without the manifest: its list of files may be long, and this is kept for as long as the release runs. */
export interface CommittedRelease extends MonitoredRelease {
  readonly checks: readonly HealthCheck[];
  readonly policy: MonitoringPolicy;
  /** Folder of the release. */
  readonly folder: string;
}

/** The committed mark, where the link agrees with it; undefined where nothing is committed, or something else is active. */
export async function readActiveMark(folder: ReleaseFolder): Promise<Committed | undefined> {
  const committed = await folder.committed();
  return committed && (await folder.points('active', committed.active)) ? committed : undefined;
}

/** Undefined where the manifest is not readable. */
export async function readCommittedRelease(
  { active: { version, manifestSha256, releaseCounter, ...active }, deployment }: Committed,
  folder: ReleaseFolder,
): Promise<CommittedRelease | undefined> {
  const release = { ...active, version, manifestSha256 };
  const manifest = await folder.readManifest(release, 'monitor');
  if (!manifest.ok) return undefined;
  return {
    component: folder.component,
    active: { version, manifestSha256, ...(releaseCounter !== undefined && { releaseCounter }) },
    ...(deployment && { deployment }),
    checks: checksOf(manifest.value),
    policy: monitoringPolicy(manifest.value.monitoring),
    folder: folder.paths.release(release),
  };
}
