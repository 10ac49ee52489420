/** The way from this machine to the control plane: directly or through an HTTP proxy, with the CA and certificate of the site. */
import type { ProxySettings } from './proxy-settings.ts';
import { describeProxy, isLoopback } from './proxy-settings.ts';
import type { Dispatchers, SendRequest } from './send-request.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

export interface OutboundOptions {
  readonly proxy?: ProxySettings | undefined;
  readonly tls?: TlsFiles | undefined;
}

/**
 * Requests to the control plane. `options` is asked once, by the first request: the command line knows its options only after
 * they are parsed. Loopback addresses are always asked directly. Rejects with a Failure where a file of `tls` is unusable.
 */
export function openOutbound(options: () => OutboundOptions): SendRequest {
  let chosen: OutboundOptions | undefined;
  let open: { readonly tls: string; readonly dispatchers: Dispatchers } | undefined;
  return async (url, request = {}) => {
    chosen ??= options();
    const { proxy, tls } = chosen;
    const material = tls ? await readTlsFiles(tls) : {};
    // Loaded by the first request, and the proxy's part only where there is a proxy: an idle agent carries what it uses.
    const { openDispatchers, sendRequestBy } = await import('./send-request.ts');
    const proxyAgent = proxy && (await import('./proxy-agent.ts')).openProxyAgent;
    const tlsText = JSON.stringify(material);
    if (open?.tls !== tlsText) {
      // What is under way ends over the old connections: a renewed certificate breaks no download.
      void open?.dispatchers.close();
      open = { tls: tlsText, dispatchers: openDispatchers(material, proxy && proxyAgent?.(proxy, material)) };
    }
    const { direct, proxied } = open.dispatchers;
    if (!proxy || !proxied || isLoopback(url)) return sendRequestBy(direct, url, request);
    try {
      return await sendRequestBy(proxied, url, request);
    } catch (error) {
      const signal = request.signal;
      if (signal instanceof AbortSignal && signal.aborted) throw error;
      throw new ProxiedRequestError(error, describeProxy(proxy, url));
    }
  };
}

/** No answer came through the proxy. The message names it without user and password; `code` is that of the cause. */
export class ProxiedRequestError extends Error {
  override readonly name = 'ProxiedRequestError';
  readonly code: string | undefined;
  constructor(cause: unknown, proxy: string) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const status = /\((\d{3})\)/.exec(reason)?.[1];
    super(
      status === '407'
        ? `the proxy ${proxy} wants a user and a password, or refuses those it was given (407)`
        : `${status === undefined ? reason : `the proxy answered ${status}`} (through the proxy ${proxy})`,
      { cause },
    );
    this.code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  }
}
