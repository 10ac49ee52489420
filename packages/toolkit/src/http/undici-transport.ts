/** Adapter: one HTTP exchange over undici, for agent and CLI. */
import type { Transport } from '@fairlead/shared/api/client';

export interface UndiciTransportOptions {
  /** How long the server may take before it answers at all. Default 60 s: a long-poll must fit. */
  readonly headersTimeoutMs?: number;
  /** The longest silence inside an answer. Default 30 s. */
  readonly bodyTimeoutMs?: number;
  /** Largest answer taken into memory. Default 16 MiB; blobs go through the download instead. */
  readonly maxBodyBytes?: number;
  /** A Unix socket to go through, whatever the URL's host says. */
  readonly socketPath?: string;
}

/** Follows no redirect (attack 60) and decodes no content encoding (attack 61). */
export function undiciTransport(options: UndiciTransportOptions = {}): Transport {
  const most = options.maxBodyBytes ?? 16 * 1024 * 1024;
  const { socketPath } = options;
  return async ({ method, url, headers, body, signal }) => {
    // Loaded by the first request: commands that ask nobody start a tenth of a second sooner without it.
    const { sendRequest } = await import('./send-request.ts');
    const reply = await sendRequest(url, {
      method,
      headers: { 'accept-encoding': 'identity', ...headers },
      headersTimeout: options.headersTimeoutMs ?? 60_000,
      bodyTimeout: options.bodyTimeoutMs ?? 30_000,
      ...(body && { body }),
      ...(signal && { signal }),
      ...(socketPath !== undefined && { socketPath }),
    });
    return { status: reply.statusCode, headers: flatten(reply.headers), body: await readAtMost(reply.body, most) };
  };
}

async function readAtMost(body: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop destroys the stream: an endless answer (attack 3) costs `most` bytes, not the memory.
    if (size > most) throw new Error(`the answer is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
