/** The three things that are done with a release's packed bytes. */
import type { Refusal, Result } from '@fairlead/shared/failure';
import type { Sha256 } from '@fairlead/shared/ids';
import type { ManifestWithFiles, ReleaseFile } from '@fairlead/shared/release/manifest';

export interface PackedBundle {
  readonly file: string;
  readonly size: number;
  readonly sha256: Sha256;
}
/** Same files -> same bytes, on any machine: sorted, no owner, no time, mode 0644/0755 only. */
export type PackBundle = (order: {
  readonly folder: string;
  readonly files: readonly ReleaseFile[];
  readonly to: string;
  readonly onProgress?: (bytes: number, of: number) => void;
}) => Promise<PackedBundle>;
/** Reads a bundle without writing it anywhere and checks every entry against the manifest (control plane, `release verify`). */
export type CheckBundle = (order: {
  readonly bundle: string;
  readonly manifest: ManifestWithFiles;
  readonly phase: 'build' | 'publish' | 'verify';
}) => Promise<Result<void, Refusal>>;
/**
 * Unpacks a bundle whose whole-file digest was already checked into a new, private folder: the manifest is the
 * allow-list, every byte is hashed again on its way to disk, everything is fsynced, nothing else is left behind.
 */
export type ExtractBundle = (order: {
  readonly bundle: string;
  readonly manifest: ManifestWithFiles;
  readonly to: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number, of: number) => void;
}) => Promise<Result<void, Refusal>>;
/** Measures a folder against the manifest: every file's digest and mode, nothing missing, nothing extra, no links. */
export type MeasureTree = (order: {
  readonly folder: string;
  readonly manifest: ManifestWithFiles;
  readonly phase: 'stage' | 'prove-parachute' | 'verify' | 'switch' | 'roll-back';
}) => Promise<Result<void, Refusal>>;
