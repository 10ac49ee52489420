/** Slice: the signed files of the TUF repository, exactly as they were signed. */
import type { Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { TargetName } from '@fairlead/shared/trust/names';

/** The roles whose files the repository keeps. */
export const METADATA_ROLES = [
  'root',
  'targets',
  'development',
  'staging',
  'production',
  'snapshot',
  'timestamp',
] as const;
export type MetadataRole = (typeof METADATA_ROLES)[number];

export interface StoredMetadata {
  readonly role: MetadataRole;
  readonly version: number;
  readonly text: string;
}
export interface StoredTarget {
  readonly name: TargetName;
  readonly sha256: Sha256;
  readonly text: string;
}

export interface MetadataSlice {
  /** The newest version of a role; undefined before the trust is initialised. */
  newest(role: MetadataRole): Promise<StoredMetadata | undefined>;
  find(role: MetadataRole, version: number): Promise<StoredMetadata | undefined>;
  /** Rejects where that version of the role exists already: a version is signed once. */
  add(metadata: StoredMetadata, at: Instant): Promise<void>;
  /** A target's exact text; undefined where it was never published. */
  target(name: TargetName, sha256: Sha256): Promise<string | undefined>;
  /** Same name and digest twice is a no-op. */
  addTarget(target: StoredTarget): Promise<void>;
  /** Drops versions of a role stored before `before`, never its newest and never a root: robots walk all roots. */
  prune(role: Exclude<MetadataRole, 'root'>, before: Instant): Promise<void>;
}
