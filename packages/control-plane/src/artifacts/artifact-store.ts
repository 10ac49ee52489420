/**
 * Port: where the packed bytes of releases lie, each under its own SHA-256. Uploads resume, because a bundle
 * is gigabytes and links break; nothing is visible under a digest before all its bytes were hashed.
 */
import type { Readable } from 'node:stream';
import type { Result } from '@fairlead/shared/failure';
import type { Sha256 } from '@fairlead/shared/ids';

export interface UploadState {
  /** Bytes that arrived and are kept, also after a crash. */
  readonly received: number;
  /** True once the digest was checked; only then can the blob be read. */
  readonly complete: boolean;
}

export type UploadRefusal =
  /** The upload stands at `offset`: another part arrived first, or the last answer was lost. Go on from there. */
  | { readonly code: 'offset_mismatch'; readonly offset: number }
  /** Longer than declared, than a blob may be, or than the room that is left. Nothing of this part was kept. */
  | { readonly code: 'too_large'; readonly detail: string }
  /** All bytes arrived and they are not the ones the digest names. They were deleted; start again from 0. */
  | { readonly code: 'hash'; readonly detail: string };

export interface Range {
  /** First byte, counted from 0. */
  readonly start: number;
  /** Last byte, inclusive. */
  readonly end: number;
}

export interface OpenBlob {
  /** Bytes of the whole blob. */
  readonly size: number;
  readonly stream: Readable;
}

export interface ArtifactStore {
  /** How much of a blob has arrived; `{received: 0, complete: false}` for one never heard of. */
  state(blob: Sha256): Promise<UploadState>;
  /**
   * Appends bytes at `offset` to an upload of `size` bytes; resolves once they are durable. The part that
   * completes the upload triggers the digest check. A blob that is complete already is answered as complete,
   * so every retry is harmless; two uploaders of one blob help each other.
   */
  append(order: {
    readonly blob: Sha256;
    readonly offset: number;
    readonly size: number;
    readonly bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  }): Promise<Result<UploadState, UploadRefusal>>;
  /** Bytes of a complete blob, undefined where there is none. */
  size(blob: Sha256): Promise<number | undefined>;
  /** Reads a complete blob, whole or in part; undefined where there is none. The caller consumes or destroys the stream. */
  open(blob: Sha256, range?: Range): Promise<OpenBlob | undefined>;
  /** Lends a complete blob as a local, read-only file for the time of `use`; undefined where there is none. */
  lend<T>(blob: Sha256, use: (file: string) => Promise<T>): Promise<T | undefined>;
  /** All complete blobs, sorted. */
  blobs(): Promise<readonly Sha256[]>;
  /**
   * Reads a complete blob and compares it with its digest. A damaged one, or one that can't be read, is set aside: from then on
   * it is absent and may be uploaded again. `onRead` is awaited after each part; where it answers false, the check is given up.
   */
  verify(
    blob: Sha256,
    onRead: (bytes: number) => Promise<boolean>,
  ): Promise<'sound' | 'damaged' | 'absent' | 'given-up'>;
  /** Rejects with the reason while the store can't keep bytes. */
  ready(): Promise<void>;
}
