/**
 * The speed of a download, from both sides: a server that dribbles is given up (slow retrieval, attack 6; the
 * part is kept), and a metered link is not filled beyond what the integrator allows.
 */
import { SECOND } from '@fairlead/shared/time';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { abortable } from '@fairlead/toolkit/abortable';

export interface Pace {
  /** The longest silence inside an answer, milliseconds. */
  readonly idleMs: number;
  /** Bytes per second that must come, averaged over `floorOverMs`. */
  readonly floorBytesPerSec: number;
  readonly floorOverMs: number;
  /** Bytes per second that may come at most. */
  readonly maxBytesPerSec?: number | undefined;
}
/** A modem link of a robot in a cellar gives more than the floor; a stalled proxy does not. */
export const DEFAULT_PACE: Pace = {
  idleMs: LIMITS.blobIdleMs,
  floorBytesPerSec: LIMITS.floorRate,
  floorOverMs: 60 * SECOND,
};

export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

export interface Stopwatch {
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** The same bytes at the agreed speed. Calls `abandon` with the reason where the body must be given up. */
export async function* paced(
  body: AsyncIterable<Uint8Array>,
  pace: Pace,
  watch: Stopwatch,
  abandon: AbortController,
): AsyncGenerator<Uint8Array, void> {
  const floor = startFloor(pace, watch);
  const start = watch.elapsed();
  let bytes = 0;
  for await (const chunk of guardIdle(body, pace.idleMs, abandon)) {
    bytes += chunk.length;
    if (floor.isBroken(chunk.length)) {
      abandon.abort(new TooSlow(`fewer than ${pace.floorBytesPerSec} bytes came per second`));
    }
    abandon.signal.throwIfAborted();
    yield chunk;
    if (pace.maxBytesPerSec === undefined) continue;
    const ahead = (bytes / pace.maxBytesPerSec) * SECOND - (watch.elapsed() - start);
    if (ahead > 0) await watch.sleep(ahead, abandon.signal);
  }
}

/** Judged over whole windows: one slow second is a bad moment, a slow minute is an attack or a dead link. */
function startFloor(pace: Pace, watch: Stopwatch): { isBroken(bytes: number): boolean } {
  let windowStart = watch.elapsed();
  let inWindow = 0;
  return {
    isBroken(bytes) {
      inWindow += bytes;
      const ms = watch.elapsed() - windowStart;
      if (ms < pace.floorOverMs) return false;
      const broken = (inWindow / ms) * SECOND < pace.floorBytesPerSec;
      windowStart = watch.elapsed();
      inWindow = 0;
      return broken;
    },
  };
}

/** The body's own iterator may wait for ever; waiting for its next chunk ends when `abandon` aborts. */
async function* guardIdle(body: AsyncIterable<Uint8Array>, idleMs: number, abandon: AbortController) {
  const iterator = body[Symbol.asyncIterator]();
  for (;;) {
    const timer = setTimeout(() => abandon.abort(new TooSlow(`nothing came for ${idleMs / SECOND} s`)), idleMs);
    const next = await abortable(iterator.next(), abandon.signal).finally(() => clearTimeout(timer));
    if (next.done) return;
    yield next.value;
  }
}
