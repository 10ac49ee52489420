/**
 * undici's `request`, without what undici is beside it: its index also loads fetch, WebSocket, caches, proxies and
 * mocks, which an idle agent would carry for ever (3 MB, docs/performance.md). It follows no redirect and decodes nothing.
 */
import type { Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';

export type SendOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> & {
  readonly method?: Dispatcher.HttpMethod;
  /** A Unix socket to go through, whatever the URL's host says. */
  readonly socketPath?: string;
};

/** Connections by the socket they go through; undefined: by the URL's own host. */
const agents = new Map<string | undefined, Agent>();

/** Resolves with the head of the answer; its body must be read, dumped or destroyed. */
export function sendRequest(url: URL, { socketPath, method = 'GET', ...options }: SendOptions = {}) {
  let agent = agents.get(socketPath);
  if (!agent) {
    // HTTP/2 is for many questions at once.
    agent = new Agent({ allowH2: false, ...(socketPath !== undefined && { connect: { socketPath } }) });
    agents.set(socketPath, agent);
  }
  return request.call(agent, { ...options, method, origin: url.origin, path: `${url.pathname}${url.search}` });
}
