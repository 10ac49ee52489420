/**
 * The network between robots and the control plane, as a proxy of our own: it can be cut, be slow, and lie.
 * Requests pass unchanged, `Host` included, because robots sign them.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
}
/** What is delivered in place of an answer; undefined leaves it as it is. */
export type Lie = (exchange: Exchange, answer: Buffer) => Buffer | undefined;

export interface Network {
  readonly url: string;
  /** host:port under which robots know the control plane. */
  readonly authority: string;
  /** Every request that was let through, in order. */
  readonly exchanges: readonly Exchange[];
  /** Where the control plane really is. */
  leadTo(url: string): void;
  cut(): void;
  mend(): void;
  /** Bytes per second of each answer from now on; undefined: as fast as it goes. */
  limit(bytesPerSec: number | undefined): void;
  /** From now on answers are passed through `lie`; undefined: the truth. */
  lie(lie: Lie | undefined): void;
  close(): Promise<void>;
}

export async function openNetwork(): Promise<Network> {
  let target: URL | undefined;
  let down = false;
  let rate: number | undefined;
  let lying: Lie | undefined;
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    if (down || target === undefined) return request.socket.destroy();
    const exchange = { method: request.method ?? '', path: request.url ?? '', range: request.headers.range };
    exchanges.push(exchange);
    forward(request, response, target, async (answer) => {
      if (lying) {
        const truth = await buffer(answer);
        return answerWith(response, answer, lying(exchange, truth) ?? truth);
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      for await (const chunk of answer) {
        if (!response.write(chunk)) await once(response, 'drain');
        if (rate !== undefined) await pause((Buffer.byteLength(chunk) / rate) * 1000);
      }
      response.end();
    });
  });
  const authority = await listen(server);
  return {
    url: `http://${authority}`,
    authority,
    exchanges,
    leadTo: (url) => void (target = new URL(url)),
    cut() {
      down = true;
      server.closeAllConnections();
    },
    mend: () => void (down = false),
    limit: (bytesPerSec) => void (rate = bytesPerSec),
    lie: (lie) => void (lying = lie),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
  deliver: (answer: IncomingMessage) => Promise<void>,
): void {
  const { method, headers, url } = request;
  const options = { host: target.hostname, port: target.port, method, path: url, headers };
  // Whatever breaks on one side breaks on the other, as on a wire.
  const fail = (): void => void response.destroy();
  const onward = send(options, (answer) => void deliver(answer).catch(fail));
  onward.on('error', fail);
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

function answerWith(response: ServerResponse, answer: IncomingMessage, body: Buffer): void {
  const { 'transfer-encoding': _chunked, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': body.byteLength });
  response.end(body);
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
