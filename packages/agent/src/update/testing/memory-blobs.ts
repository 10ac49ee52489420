/** A blob server of which a test decides how badly it behaves. Honours ranges and strong tags otherwise. */
import type { Sha256 } from '@fairlead/shared/ids';
import type { BlobReply, BlobRequest, BlobSource } from '../../download/blob-source.ts';

/** What one request meets; later requests meet the honest server again. */
export type Mood = (request: BlobRequest, honest: () => BlobReply) => BlobReply | Promise<BlobReply>;

export interface MemoryBlobs extends BlobSource {
  readonly blobs: Map<Sha256, Uint8Array>;
  readonly requests: BlobRequest[];
  readonly moods: Mood[];
}

export function memoryBlobs(): MemoryBlobs {
  const blobs = new Map<Sha256, Uint8Array>();
  const requests: BlobRequest[] = [];
  const moods: Mood[] = [];
  return {
    blobs,
    requests,
    moods,
    get: async (request) => {
      requests.push(request);
      const honest = () => serve(blobs.get(request.sha256), request);
      return (await moods.shift()?.(request, honest)) ?? honest();
    },
  };
}

export const reply = (status: number, headers: Record<string, string>, ...chunks: Uint8Array[]): BlobReply => ({
  status,
  headers,
  body: (async function* () {
    yield* chunks;
  })(),
});

/** The honest answer, cut off after `bytes`. */
export const cutAfter =
  (bytes: number): Mood =>
  (_request, honest) => {
    const { status, headers, body } = honest();
    return { status, headers, body: first(body, bytes) };
  };

async function* first(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array, void> {
  let left = bytes;
  for await (const chunk of body) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) throw new Error('ECONNRESET');
  }
}

function serve(blob: Uint8Array | undefined, { sha256, from, ifRange }: BlobRequest): BlobReply {
  if (!blob) return reply(404, {});
  const etag = `"${sha256}"`;
  const resumed = from > 0 && (ifRange === undefined || ifRange === etag);
  if (resumed && from >= blob.length) return reply(416, {});
  const bytes = resumed ? blob.subarray(from) : blob;
  const range = { 'content-range': `bytes ${from}-${blob.length - 1}/${blob.length}` };
  const headers = { etag, 'content-length': String(bytes.length), ...(resumed && range) };
  return reply(resumed ? 206 : 200, headers, ...chunksOf(bytes));
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}
