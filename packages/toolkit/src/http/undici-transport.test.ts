import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createRawServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type UndiciTransportOptions, undiciTransport } from './undici-transport.ts';

async function ask(answer: RequestListener, options?: UndiciTransportOptions, body?: Uint8Array) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return undiciTransport(options)({ method: 'POST', url, headers: { 'x-duck': 'daisy' }, ...(body && { body }) });
}

test('status, headers and bytes come back as sent', async () => {
  const reply = await ask(
    (request, response) => {
      response.writeHead(418, { 'X-Duck': `${request.headers['x-duck']}` });
      request.pipe(response);
    },
    {},
    Uint8Array.of(1, 2, 3),
  );
  expect([reply.status, reply.headers['x-duck'], [...reply.body]]).toEqual([418, 'daisy', [1, 2, 3]]);
});

test('attack 60: a redirect is an answer, not a way', async () => {
  const reply = await ask((_request, response) => response.writeHead(302, { location: 'http://evil.example/' }).end());
  expect(reply.status).toBe(302);
});

test('attack 61: an encoding is neither asked for nor undone', async () => {
  const reply = await ask((request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(String(request.headers['accept-encoding']));
  });
  expect(Buffer.from(reply.body).toString()).toBe('identity');
});

test('attack 3: an answer that never ends costs no more than its limit', async () => {
  const endless: RequestListener = (_request, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  };
  await expect(ask(endless, { maxBodyBytes: 1_000_000 })).rejects.toThrow('longer than 1000000 bytes');
});

test('a server that says nothing is given up', async () => {
  await expect(ask(() => {}, { headersTimeoutMs: 100 })).rejects.toThrow(/no answer within 0.1 s/);
  await expect(ask((_q, response) => void response.write('a'), { bodyTimeoutMs: 100 })).rejects.toThrow(/Body Timeout/);
});

test('a server that drips is given up too: silence alone is no measure', async () => {
  const drip: RequestListener = (_request, response) => {
    const timer = setInterval(() => response.write('a'), 20);
    response.on('close', () => clearInterval(timer));
  };
  await expect(ask(drip, { bodyTimeoutMs: 5_000, slowGraceMs: 100 })).rejects.toThrow(
    /fewer than 256 bytes per second/,
  );
});

test('a head that never ends is given up by the time it takes, not by its silence', async () => {
  const server = createRawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write('x-duck: daisy\r\n'), 20);
    socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const asked = undiciTransport()({ method: 'GET', url, headers: {}, patienceMs: 200 });
  await expect(asked).rejects.toThrow(/no answer within 0.2 s/);
});
