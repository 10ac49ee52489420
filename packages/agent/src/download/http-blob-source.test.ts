import { createServer, type IncomingMessage } from 'node:http';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { sendRequest } from '@fairlead/toolkit/http/send-request';
import { expect, onTestFinished, test } from 'vitest';
import { httpBlobSource } from './http-blob-source.ts';

const SHA = sha256Hex('blob');

async function server(
  answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string>; body?: string },
) {
  const asked: IncomingMessage[] = [];
  const http = createServer((request, response) => {
    asked.push(request);
    const { status, headers = {}, body = '' } = answer(request);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void http.close(() => resolve())));
  const address = http.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  let signed = 0;
  const blobs = httpBlobSource({
    send: sendRequest,
    server: `http://127.0.0.1:${port}`,
    authorise: ({ method, url }) => ({ signature: `${method} ${url.pathname} ${(signed += 1)}` }),
  });
  const get = (from = 0, ifRange?: string) =>
    blobs.get({ sha256: SHA, from, ifRange, signal: AbortSignal.timeout(5000) });
  return { asked, get };
}

test('a robot asks in its own name, each time anew, and for the rest only', async () => {
  const { asked, get } = await server(() => ({ status: 200, body: 'x' }));
  for (const reply of [await get(), await get(500, '"tag"')]) for await (const _ of reply.body);
  expect(asked[0]).toMatchObject({ url: `/blobs/${SHA}`, headers: { signature: `GET /blobs/${SHA} 1` } });
  expect(asked[0]?.headers).not.toHaveProperty('range');
  expect(asked[1]?.headers).toMatchObject({
    range: 'bytes=500-',
    'if-range': '"tag"',
    signature: `GET /blobs/${SHA} 2`,
  });
});

test('attack 60: a redirect is an answer and not a way', async () => {
  const { asked, get } = await server(() => ({ status: 302, headers: { location: '/elsewhere' } }));
  const reply = await get();
  for await (const _ of reply.body);
  expect([reply.status, asked.length]).toEqual([302, 1]);
});

test('attack 61: packed bytes are not unpacked', async () => {
  const { asked, get } = await server(() => ({ status: 200, headers: { 'content-encoding': 'gzip' }, body: 'bomb' }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await get()).body) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('bomb');
  expect(asked[0]?.headers['accept-encoding']).toBe('identity');
});
