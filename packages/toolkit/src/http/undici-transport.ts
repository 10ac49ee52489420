/** Adapter: one HTTP exchange over undici, for agent and CLI. */
import type { Transport } from '@fairlead/shared/api/client';
import { timerMs } from '@fairlead/shared/time';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { flattenHeaders } from './flatten-headers.ts';
import type { SendRequest } from './send-request.ts';

export interface UndiciTransportOptions {
  /** How long the server may take before it has answered with a whole head. Default 60 s. */
  readonly headersTimeoutMs?: number;
  /** The longest silence inside an answer. Default 30 s. */
  readonly bodyTimeoutMs?: number;
  /** From when on an answer must have come with LIMITS.floorRate on average. Default 30 s. */
  readonly slowGraceMs?: number;
  /** Largest answer taken into memory. Default 16 MiB; blobs go through the download instead. */
  readonly maxBodyBytes?: number;
  /** A Unix socket to go through, whatever the URL's host says. */
  readonly socketPath?: string;
  /** The way to the control plane. Default: directly. */
  readonly send?: SendRequest;
}

/** Follows no redirect (attack 60) and decodes no content encoding (attack 61). */
export function undiciTransport(options: UndiciTransportOptions = {}): Transport {
  const most = options.maxBodyBytes ?? 16 * 1024 * 1024;
  const { socketPath } = options;
  return async ({ method, url, headers, body, signal, patienceMs }) => {
    const abandon = new AbortController();
    // By a clock of our own: undici's starts anew with every byte of a head that never ends.
    const patience = patienceMs ?? options.headersTimeoutMs ?? 60_000;
    const late = setTimeout(() => abandon.abort(new Error(`no answer within ${patience / 1000} s`)), timerMs(patience));
    // Loaded by the first request: commands that ask nobody start a tenth of a second sooner without it.
    const { sendRequest } = await import('./send-request.ts');
    const reply = await (options.send ?? sendRequest)(url, {
      method,
      headers: { 'accept-encoding': 'identity', ...headers },
      headersTimeout: 0,
      bodyTimeout: options.bodyTimeoutMs ?? 30_000,
      ...(body && { body }),
      signal: signal ? AbortSignal.any([signal, abandon.signal]) : abandon.signal,
      ...(socketPath !== undefined && { socketPath }),
    }).finally(() => clearTimeout(late));
    return {
      status: reply.statusCode,
      headers: flattenHeaders(reply.headers),
      body: await readAtMost(reply.body, most, (options.slowGraceMs ?? 30_000) / 1000),
    };
  };
}

async function readAtMost(body: AsyncIterable<Uint8Array>, most: number, graceSec: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const begun = performance.now();
  for await (const chunk of body) {
    size += chunk.byteLength;
    const seconds = (performance.now() - begun) / 1000;
    // A server that drips would keep this robot waiting for as long as it likes: silence alone is no measure.
    if (seconds > graceSec && size < seconds * LIMITS.floorRate) {
      throw new Error(`the answer came with fewer than ${LIMITS.floorRate} bytes per second`);
    }
    // Leaving the loop destroys the stream: an endless answer (attack 3) costs `most` bytes, not the memory.
    if (size > most) throw new Error(`the answer is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
