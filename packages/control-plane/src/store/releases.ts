/** Slice: what is published, as read out of verified metadata. */
import type { ComponentName, EnvironmentName, ReleaseRef, Sha256, Version } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { TargetName } from '@fairlead/shared/trust/names';

export interface PublishedRelease {
  readonly environment: EnvironmentName;
  readonly component: ComponentName;
  readonly version: Version;
  readonly releaseCounter: number;
  readonly target: TargetName;
  readonly manifestSha256: Sha256;
  /** Bytes of the manifest's text. */
  readonly manifestLength: number;
  readonly bundleSha256: Sha256;
  readonly bundleSize: number;
  /** Of a release whose manifest names its files by digest. */
  readonly fileListSha256?: Sha256;
  readonly sizeOnDisk: number;
  readonly description?: string;
  readonly publishedAt: Instant;
  readonly publishedBy: string;
  readonly revoked?: { readonly at: Instant; readonly by: string };
}

export interface ReleaseFilter {
  readonly environment?: EnvironmentName | undefined;
  readonly component?: ComponentName | undefined;
}

export interface ReleasesSlice {
  /** Rejects where that version is published in that environment already. */
  add(release: PublishedRelease): Promise<void>;
  revoke(target: TargetName, revoked: { readonly at: Instant; readonly by: string }): Promise<void>;
  find(environment: EnvironmentName, release: ReleaseRef): Promise<PublishedRelease | undefined>;
  /** The highest releaseCounter ever published of a component, revoked ones too; 0 where there is none. */
  highestCounter(environment: EnvironmentName, component: ComponentName): Promise<number>;
  /** Newest first; `after` is the last release of the page before. */
  list(
    filter: ReleaseFilter,
    page: { readonly after?: PublishedRelease | undefined; readonly limit: number },
  ): Promise<readonly PublishedRelease[]>;
  /** The release behind a target name, where it was ever published. */
  ofTarget(target: TargetName): Promise<PublishedRelease | undefined>;
  /** Every release, revoked ones too, whose bundle or list of files is this blob. */
  ofBlob(blob: Sha256): Promise<readonly PublishedRelease[]>;
  /** Whether one of them was published in that environment. */
  isBlobOf(environment: EnvironmentName, blob: Sha256): Promise<boolean>;
  /** Whether the bundle of this manifest was unpacked and compared with it once before. */
  isBundleChecked(manifestSha256: Sha256): Promise<boolean>;
  rememberCheckedBundle(manifestSha256: Sha256, at: Instant): Promise<void>;
}
