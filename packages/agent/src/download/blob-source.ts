/** Port: packed bytes by digest, from where one left off. Nothing it gives is trusted: the digest decides. */
import type { Sha256 } from '@fairlead/shared/ids';

export interface BlobRequest {
  readonly sha256: Sha256;
  /** First byte wanted. 0 asks for the whole blob. */
  readonly from: number;
  /** The entity tag under which the bytes before `from` came (RFC 9110 13.1.5). */
  readonly ifRange?: string | undefined;
  readonly signal: AbortSignal;
}
export interface BlobReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends early by rejecting; leaving the loop closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}
export interface BlobSource {
  /** Rejects where nobody answered. Follows no redirect, decodes no encoding. */
  get(request: BlobRequest): Promise<BlobReply>;
}
