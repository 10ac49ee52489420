/** One attempt to bring a part to its full size, from where it stands. */
import type { Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { parseRetryAfter } from '@fairlead/shared/update/retry';
import type { BlobSource } from './blob-source.ts';
import { type Pace, paced, type Stopwatch, TooSlow } from './pace.ts';
import type { PartFile } from './part-file.ts';
import { readReply } from './read-reply.ts';

export type Attempt =
  | { readonly ended: 'complete' }
  /** `wrong`: somebody answered who does not have our blob. `later`: busy, broken, or the line dropped. */
  | {
      readonly ended: 'later' | 'wrong' | 'never';
      readonly category: string;
      readonly detail: string;
      readonly retryAfterMs?: number | undefined;
    };

export interface FetchDeps extends Stopwatch {
  readonly blobs: BlobSource;
  readonly pace: Pace;
  readonly now: () => Instant;
}

/** Rejects where the disk fails or `signal` aborts; everything the network does is an answer. */
export async function fetchPart(
  part: PartFile,
  blob: { readonly sha256: Sha256; readonly size: number },
  deps: FetchDeps,
  signal: AbortSignal,
  onBytes: (size: number) => void,
): Promise<Attempt> {
  if (part.size > blob.size) await part.restart(undefined);
  if (part.size === blob.size) return { ended: 'complete' };
  const abandon = new AbortController();
  const giveUp = () => abandon.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const reply = await fromNetwork(() =>
      deps.blobs.get({ sha256: blob.sha256, from: part.size, ifRange: part.etag, signal: abandon.signal }),
    );
    const meaning = readReply(reply, part.size, blob.size);
    if (meaning.is === 'later') {
      const retryAfterMs = parseRetryAfter(reply.headers['retry-after'], deps.now());
      return { ended: 'later', category: 'unavailable', detail: meaning.detail, retryAfterMs };
    }
    if (meaning.is === 'wrong' || meaning.is === 'never') {
      // A part that the server can't continue is not worth a second range.
      if (meaning.category === 'range') await part.restart(undefined);
      return { ended: meaning.is, category: meaning.category, detail: meaning.detail };
    }
    if (meaning.is === 'from-start') await part.restart(meaning.etag);
    for await (const chunk of networkBytes(paced(reply.body, deps.pace, deps, abandon))) {
      // Endless data (attack 3): the signed size is the end, whatever still comes.
      if (part.size + chunk.length > blob.size) return TOO_LONG;
      await part.append(chunk);
      onBytes(part.size);
    }
    return part.size === blob.size ? { ended: 'complete' } : { ended: 'later', category: 'unreachable', detail: CUT };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof NetworkTrouble)) throw error;
    const { cause } = error;
    const category = cause instanceof TooSlow ? 'slow' : 'unreachable';
    return { ended: 'later', category, detail: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    signal.removeEventListener('abort', giveUp);
    // Closes the connection where the body was not read to its end.
    abandon.abort();
  }
}

const CUT = 'The connection ended before the blob did.';
const TOO_LONG: Attempt = {
  ended: 'never',
  category: 'length',
  detail: 'The server sends more bytes than were signed.',
};

/** Tells what the network did from what the disk did: only the former is worth another attempt. */
class NetworkTrouble extends Error {}

async function fromNetwork<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new NetworkTrouble('network', { cause });
  }
}

async function* networkBytes(body: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const next = await fromNetwork(() => body.next());
    if (next.done) return;
    yield next.value;
  }
}
