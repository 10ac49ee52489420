import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type OutboundOptions, openOutbound } from './outbound.ts';
import { oneProxy } from './proxy-settings.ts';
import { forwardProxy } from './testing/forward-proxy.ts';
import { hasOpenssl, type PrivateCa, privateCa } from './testing/private-ca.ts';

/** Only a proxy of the site knows where this is. */
const HOST = 'fleet.corp.invalid';
const echo: RequestListener = (request, response) =>
  response.end(`${request.headers.host} ${request.url} ${request.headers['proxy-authorization'] ?? 'no credentials'}`);

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
const plainServer = (): Promise<number> => listen(createServer(echo));

async function ask(url: string, options: OutboundOptions): Promise<string> {
  const reply = await openOutbound(() => options)(new URL(url), { signal: AbortSignal.timeout(20_000) });
  return `${reply.statusCode} ${await reply.body.text()}`;
}
const failureOf = (asked: Promise<string>): Promise<unknown> =>
  asked.then(
    (reply) => reply,
    (error: unknown) => error,
  );

describe('an HTTP proxy', () => {
  test('leads to a control plane that only it can find, and never passes its credentials on', async () => {
    const [port, proxy] = await Promise.all([plainServer(), forwardProxy('duck:qu@ck')]);
    const settings = oneProxy(`http://duck:qu%40ck@127.0.0.1:${proxy.port}`);
    expect(await ask(`http://${HOST}:${port}/a?b=1`, { proxy: settings })).toBe(
      `200 ${HOST}:${port} /a?b=1 no credentials`,
    );
    expect(proxy.asked).toEqual([`GET ${HOST}:${port}`]);
  });

  test('is not asked for loopback addresses, nor for hosts of noProxy', async () => {
    const [port, proxy] = await Promise.all([plainServer(), forwardProxy()]);
    const settings = oneProxy(`http://127.0.0.1:${proxy.port}`, '.corp.invalid');
    expect(await ask(`http://127.0.0.1:${port}/`, { proxy: settings })).toMatch(/^200 /);
    expect(await ask(`http://localhost:${port}/`, { proxy: settings })).toMatch(/^200 /);
    expect(await failureOf(ask(`http://${HOST}:${port}/`, { proxy: settings }))).toMatchObject({
      message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
    expect(proxy.asked).toEqual([]);
  });

  test.each(['http', 'https'])(
    'attack 136: one that refuses %s names itself, never user and password',
    async (scheme) => {
      const proxy = await forwardProxy('duck:another');
      const settings = oneProxy(`http://duck:quack77@127.0.0.1:${proxy.port}`);
      const error = await failureOf(ask(`${scheme}://${HOST}/`, { proxy: settings }));
      expect(String(error)).toContain(`the proxy http://127.0.0.1:${proxy.port} wants a user and a password`);
      const shown =
        inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error, Object.getOwnPropertyNames(error));
      expect(shown).not.toContain('quack77');
      expect(shown).not.toContain(Buffer.from('duck:quack77').toString('base64'));
    },
  );

  test('attack 136: one that is down is named without user and password', async () => {
    const error = await failureOf(ask(`https://${HOST}/`, { proxy: oneProxy('http://duck:quack77@127.0.0.1:9') }));
    expect(String(error)).toMatch(/ECONNREFUSED.*\(through the proxy http:\/\/127\.0\.0\.1:9\)/);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('quack77');
  });
});

describe.skipIf(!hasOpenssl())('a private CA', () => {
  const secureServer = (ca: PrivateCa, needsClient = false): Promise<number> =>
    listen(
      createTlsServer(
        { ...ca.server, ...(needsClient && { ca: ca.server.cert, requestCert: true, rejectUnauthorized: false }) },
        (request, response) => response.end((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody'),
      ),
    );

  test('makes its control plane believable, directly and through CONNECT; without it nothing is sent', async () => {
    const ca = privateCa(HOST);
    const [port, proxy] = await Promise.all([secureServer(ca), forwardProxy()]);
    const settings = oneProxy(`http://127.0.0.1:${proxy.port}`);
    const tls = { caFile: ca.caFile };
    expect(await ask(`https://localhost:${port}/`, { tls })).toBe('200 nobody');
    expect(await ask(`https://${HOST}:${port}/`, { proxy: settings, tls })).toBe('200 nobody');
    expect(proxy.asked).toEqual([`CONNECT ${HOST}:${port}`]);
    expect(String(await failureOf(ask(`https://localhost:${port}/`, {})))).toMatch(/certificate/);
    expect(String(await failureOf(ask(`https://${HOST}:${port}/`, { proxy: settings })))).toMatch(/certificate/);
  });

  test('knows this machine by its client certificate, also behind a proxy', async () => {
    const ca = privateCa(HOST);
    const [port, proxy] = await Promise.all([secureServer(ca, true), forwardProxy()]);
    const { caFile, clientCertFile, clientKeyFile } = ca;
    const tls = { caFile, clientCertFile, clientKeyFile };
    expect(await ask(`https://localhost:${port}/`, { tls })).toBe('200 client');
    const settings = oneProxy(`http://127.0.0.1:${proxy.port}`);
    expect(await ask(`https://${HOST}:${port}/`, { proxy: settings, tls })).toBe('200 client');
  });

  test('may come later or be renewed: its files are read again', async () => {
    const ca = privateCa(HOST);
    const port = await secureServer(ca);
    const late = `${ca.caFile}.late`;
    const send = openOutbound(() => ({ tls: { caFile: late } }));
    const url = new URL(`https://localhost:${port}/`);
    await expect(send(url)).rejects.toThrow(`${late}: there is no such file`);
    writeFileSync(late, 'no certificate');
    await expect(send(url)).rejects.toThrow(`${late}: it contains no certificate in PEM form`);
    rmSync(late);
    writeFileSync(late, privateCa(HOST).server.cert);
    await expect(send(url)).rejects.toThrow(/certificate/);
    writeFileSync(late, await import('node:fs/promises').then(({ readFile }) => readFile(ca.caFile)));
    const reply = await send(url);
    expect(await reply.body.text()).toBe('nobody');
  });

  test('with a key that belongs to another certificate is refused by name, without a word of the key', async () => {
    const [one, other] = [privateCa(HOST), privateCa(HOST)];
    const tls = { clientCertFile: one.clientCertFile, clientKeyFile: other.clientKeyFile };
    await expect(ask('https://localhost:9/', { tls })).rejects.toThrow(
      `${other.clientKeyFile}: it is not the key of ${one.clientCertFile}`,
    );
  });
});
