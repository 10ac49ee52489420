/** A real forward proxy for tests: CONNECT for https, proxy requests for http, as a site has it at its only way out. */
import type { LookupFunction } from 'node:net';
import { Server } from 'proxy-chain';
import { onTestFinished } from 'vitest';

export interface ForwardProxy {
  readonly port: number;
  /** `CONNECT host:port` or `GET host:port`, in order. */
  readonly asked: readonly string[];
}

/** Every name leads to 127.0.0.1 behind it. With `login` (`user:password`) it lets nobody else through. */
export async function forwardProxy(login?: string): Promise<ForwardProxy> {
  const asked: string[] = [];
  const lookup = ((_host, options, found) =>
    options.all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4)) as LookupFunction;
  const server = new Server({
    host: '127.0.0.1',
    port: 0,
    prepareRequestFunction: ({ username, password, hostname, port, request }) => {
      asked.push(`${request.method} ${hostname}:${port}`);
      return {
        requestAuthentication: login !== undefined && `${username}:${password}` !== login,
        dnsLookup: lookup as never,
      };
    },
  });
  await server.listen();
  onTestFinished(async () => {
    server.closeConnections();
    await server.close(true);
  });
  return { port: server.port, asked };
}
