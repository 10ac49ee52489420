/**
 * undici's `request`, without what undici is beside it: its index also loads fetch, WebSocket, caches, proxies and
 * mocks, which an idle agent would carry for ever (3 MB, docs/performance.md). It follows no redirect and decodes nothing.
 */
import type { Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import type { TlsMaterial } from './tls-files.ts';

export type SendOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> & {
  readonly method?: Dispatcher.HttpMethod;
};
/** Resolves with the head of the answer; its body must be read, dumped or destroyed. */
export type SendRequest = (url: URL, options?: SendOptions) => Promise<Dispatcher.ResponseData>;

/** Connections by the socket they go through; undefined: by the URL's own host. */
const agents = new Map<string | undefined, Agent>();

/** Directly to the URL's host, or through the Unix socket `socketPath`, whatever the URL's host says. Never through a proxy. */
export function sendRequest(url: URL, { socketPath, ...options }: SendOptions & { readonly socketPath?: string } = {}) {
  let agent = agents.get(socketPath);
  if (!agent) {
    // HTTP/2 is for many questions at once.
    agent = new Agent({ allowH2: false, ...(socketPath !== undefined && { connect: { socketPath } }) });
    agents.set(socketPath, agent);
  }
  return sendRequestBy(agent, url, options);
}

/** Through the connections of `dispatcher`. */
export const sendRequestBy = (dispatcher: Dispatcher, url: URL, { method = 'GET', ...options }: SendOptions) =>
  request.call(dispatcher, { ...options, method, origin: url.origin, path: `${url.pathname}${url.search}` });

export interface Dispatchers {
  readonly direct: Dispatcher;
  readonly proxied: Dispatcher | undefined;
  /** Resolves when what is under way has ended. */
  close(): Promise<void>;
}

export function openDispatchers(tls: TlsMaterial, proxied: Dispatcher | undefined): Dispatchers {
  const direct = new Agent({ allowH2: false, connect: { ...tls } });
  return {
    direct,
    proxied,
    close: async () => void (await Promise.allSettled([direct.close(), proxied?.close()])),
  };
}
