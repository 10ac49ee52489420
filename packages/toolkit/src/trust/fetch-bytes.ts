/**
 * One small download whose bytes nobody vouches for yet. It follows no redirect (attack 60), decodes nothing
 * (61), stops at its limit (3, 4, 5) and gives up on a server that only drips (6).
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { type SendRequest, sendRequest } from '../http/send-request.ts';
import type { TrustRefusal } from './trust-store.ts';

export interface FetchRefusal extends TrustRefusal {
  /** The HTTP status, where the server answered with anything but 200. */
  readonly status?: number;
}
/** Resolves with at most `maxBytes`; more is refused as too_long. Never throws for what a server or network does. */
export type FetchBytes = (url: URL, maxBytes: number) => Promise<Result<Uint8Array, FetchRefusal>>;

/** Fetches over HTTP(S) within the deadlines of LIMITS. `send`: the way to the control plane. */
export const fetchBy =
  (send: SendRequest): FetchBytes =>
  async (url, maxBytes) => {
    const abort = new AbortController();
    const deadline = setTimeout(() => abort.abort(slow(NO_END)), LIMITS.metadataDeadlineMs);
    try {
      const reply = await send(url, {
        headers: { 'accept-encoding': 'identity' },
        headersTimeout: LIMITS.headersDeadlineMs,
        signal: abort.signal,
      });
      const wrong = judgeHead(url, reply.statusCode, reply.headers);
      if (wrong) {
        // undici reports the abort as an 'error' event, which nobody else would hear: it would end the process.
        reply.body.on('error', () => undefined).destroy();
        return refuse(wrong);
      }
      return await readBody(reply.body, maxBytes, abort);
    } catch (error) {
      if (abort.signal.aborted) return refuse(slow(NO_END));
      if (hasCode(error, 'UND_ERR_HEADERS_TIMEOUT')) return refuse(slow('no answer within 10 s'));
      const reason = error instanceof Error ? error.message : String(error);
      return refuse({ code: 'unavailable', detail: `${url.host} cannot be reached: ${reason}`, retryable: true });
    } finally {
      clearTimeout(deadline);
    }
  };

/** Directly, without a proxy. */
export const fetchOverHttp: FetchBytes = fetchBy(sendRequest);

const NO_END = `no end within ${LIMITS.metadataDeadlineMs / 1000} s`;

function judgeHead(url: URL, status: number, headers: Readonly<Record<string, unknown>>): FetchRefusal | undefined {
  if (status >= 300 && status < 400) {
    return { code: 'redirect', detail: `${url.pathname} answers with a redirect (${status})`, retryable: true, status };
  }
  if (status !== 200) {
    return { code: 'unavailable', detail: `${url.pathname} answers with ${status}`, retryable: true, status };
  }
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return undefined;
  return { code: 'encoding', detail: `${url.pathname} comes encoded as ${JSON.stringify(encoding)}`, retryable: true };
}

async function readBody(
  body: AsyncIterable<Buffer> & { destroy(error?: Error): unknown },
  maxBytes: number,
  abort: AbortController,
): Promise<Result<Uint8Array, FetchRefusal>> {
  const chunks: Buffer[] = [];
  let received = 0;
  const begun = performance.now();
  const watch = setInterval(() => {
    const elapsed = performance.now() - begun;
    const tooSlow = elapsed > LIMITS.floorRateGraceMs && received < (elapsed / 1000) * LIMITS.floorRate;
    if (tooSlow) abort.abort();
  }, 250);
  try {
    for await (const chunk of body) {
      received += chunk.length;
      if (received > maxBytes) {
        return refuse({ code: 'too_long', detail: `it is longer than ${maxBytes} bytes`, retryable: true });
      }
      chunks.push(chunk);
    }
    return accept(Buffer.concat(chunks));
  } catch (error) {
    if (abort.signal.aborted) return refuse(slow(`${received} bytes in ${Math.round(performance.now() - begun)} ms`));
    throw error;
  } finally {
    clearInterval(watch);
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const slow = (detail: string): FetchRefusal => ({
  code: 'slow',
  detail: `the download is slower than ${LIMITS.floorRate} bytes per second: ${detail}`,
  retryable: true,
});
