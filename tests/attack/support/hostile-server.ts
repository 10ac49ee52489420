/** An HTTP server on 127.0.0.1 that answers what a test tells it to, and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Files } from './fleet-repository.ts';

export interface HostileServer {
  readonly url: string;
  /** Paths below `/tuf/`, in order. */
  readonly asked: string[];
  /** Answers one path by hand instead of from the files. */
  readonly on: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
}

/** Serves `files` below `/tuf/`; gone when the test ends. */
export async function serve(files: Files): Promise<HostileServer> {
  const asked: string[] = [];
  const on: HostileServer['on'] = new Map();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/tuf\//, '');
    asked.push(path);
    const byHand = on.get(path) ?? on.get('*');
    if (byHand) return byHand(request, response);
    const text = files.get(decodeURIComponent(path));
    response.writeHead(text === undefined ? 404 : 200).end(text ?? 'not here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/tuf`, asked, on };
}
