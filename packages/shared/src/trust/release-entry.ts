/** What the publisher says of a release in a signed role, derived from its manifest and nothing else. */
import type { EnvironmentName } from '../ids.ts';
import { parse } from '../parse.ts';
import { type Manifest, sizeOnDisk } from '../release/manifest.ts';
import type { TargetsSigned } from './metadata.ts';
import { releaseTarget, type TargetName } from './names.ts';
import { ReleaseCustom } from './targets.ts';

/** Name and `custom` of a release's entry. */
export function releaseEntry(order: {
  readonly manifest: Manifest;
  readonly environment: EnvironmentName;
  readonly releaseCounter: number;
  readonly promotedFrom?: EnvironmentName;
}): { readonly name: TargetName; readonly custom: ReleaseCustom } {
  const { manifest, environment, releaseCounter, promotedFrom } = order;
  const { component, version, bundle, requires } = manifest;
  return {
    name: releaseTarget(environment, { component, version }),
    custom: {
      schema: 'fairlead.target.v1',
      component,
      version,
      releaseCounter,
      bundle: { sha256: bundle.sha256, size: bundle.size },
      sizeOnDisk: sizeOnDisk(manifest),
      ...(requires?.arch ? { arch: requires.arch } : {}),
      ...(promotedFrom ? { promotedFrom } : {}),
    },
  };
}

/** The releases that a role lists, with what is said of each. Entries of other kinds are left out. */
export function listedReleases(signed: TargetsSigned): { readonly name: string; readonly custom: ReleaseCustom }[] {
  return Object.entries(signed.targets).flatMap(([name, entry]) => {
    const custom = parse(ReleaseCustom, entry.custom);
    return custom.ok ? [{ name, custom: custom.value }] : [];
  });
}

/** Highest releaseCounter that a role lists for a component; 0 where there is none. Publish the next one. */
export const highestCounter = (signed: TargetsSigned, component: string): number =>
  Math.max(
    0,
    ...listedReleases(signed)
      .filter(({ custom }) => custom.component === component)
      .map(({ custom }) => custom.releaseCounter),
  );
