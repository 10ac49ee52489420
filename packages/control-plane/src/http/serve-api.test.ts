import { Readable } from 'node:stream';
import type { Api } from '@fairlead/shared/api/route';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { createApp } from './create-app.ts';
import type { Handlers } from './handlers.ts';
import { problem } from './problem.ts';

const closed = { additionalProperties: false };
const duckApi = {
  feed: {
    method: 'POST',
    path: '/ducks/:duck/meals',
    access: 'public',
    tag: 'ducks',
    summary: 'Feed a duck',
    params: Type.Object({ duck: Type.String({ pattern: '^[a-z]+$' }) }, closed),
    query: Type.Object({ grams: Type.Optional(Type.Integer({ minimum: 1 })) }, closed),
    body: Type.Object({ food: Type.String() }, closed),
    reply: Type.Object({ fed: Type.String(), grams: Type.Optional(Type.Integer()) }),
    status: 201,
  },
  swim: {
    method: 'PUT',
    path: '/ducks/:duck/swim',
    access: 'public',
    tag: 'ducks',
    summary: 'Swim for as many bytes',
    params: Type.Object({ duck: Type.String() }, closed),
    body: 'bytes',
    reply: Type.Object({ bytes: Type.Integer() }),
  },
  picture: {
    method: 'GET',
    path: '/pictures/*',
    access: 'public',
    tag: 'ducks',
    summary: 'A picture',
    reply: 'bytes',
  },
} as const satisfies Api;

const swum = async (bytes: AsyncIterable<Uint8Array>) => {
  let count = 0;
  for await (const chunk of bytes) count += chunk.length;
  return { bytes: count };
};
const handlers: Handlers<typeof duckApi> = {
  feed: async ({ params, query, body }) => ({ fed: `${params.duck} ${body.food}`, ...query, secret: 'pond' }),
  swim: ({ body }) => swum(body),
  picture: async () => ({
    body: Readable.from([Buffer.from('ck')]),
    contentType: 'image/png',
    status: 206,
    headers: { 'content-range': 'bytes 2-3/4' },
  }),
};

async function ducks(more: Partial<typeof handlers> = {}) {
  const { store } = await testControlPlane();
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  const app = await createApp({
    store,
    clock: testClock(),
    sessionSecret: Buffer.alloc(32),
    authorities: () => [],
    trustedProxies: ['10.0.0.0/8'],
    logger,
    metrics: new Registry(),
  });
  app.serve(duckApi, { ...handlers, ...more });
  return { app: app.fastify, log };
}
const json = { 'content-type': 'application/json' };
const MEAL = { method: 'POST', url: '/ducks/daisy/meals', headers: json } as const;

test('a valid request is answered with the status of its route', async () => {
  const { app } = await ducks();
  const reply = await app.inject({ ...MEAL, url: '/ducks/daisy/meals?grams=20', payload: '{"food":"peas"}' });
  expect([reply.statusCode, reply.json()]).toEqual([201, { fed: 'daisy peas', grams: 20 }]);
});

test('what the reply schema does not name never leaves', async () => {
  const { app } = await ducks();
  const reply = await app.inject({ ...MEAL, payload: '{"food":"peas"}' });
  expect(reply.body).not.toContain('pond');
});

test.each([
  ['an unknown key', '/ducks/daisy/meals', '{"food":"peas","extra":1}', '/ unknown key extra'],
  ['a number for a text', '/ducks/daisy/meals', '{"food":7}', '/food must be string'],
  ['a missing key', '/ducks/daisy/meals', '{}', ' must have required properties food'],
  ['no body at all', '/ducks/daisy/meals', undefined, ' must have required properties food'],
  ['a list', '/ducks/daisy/meals', '[]', ' must be object'],
  ['a bad name', '/ducks/DAISY/meals', '{"food":"peas"}', '/duck does not have the right form'],
  ['a text for a number in the query', '/ducks/daisy/meals?grams=many', '{"food":"peas"}', '/grams must be integer'],
  ['a number that is too small', '/ducks/daisy/meals?grams=0', '{"food":"peas"}', '/grams must be >= 1'],
  ['a key twice in the query', '/ducks/daisy/meals?grams=1&grams=2', '{"food":"peas"}', '/grams must be integer'],
  ['an unknown query key', '/ducks/daisy/meals?gram=1', '{"food":"peas"}', ' unknown key gram'],
  ['a prototype', '/ducks/daisy/meals', '{"food":"peas","__proto__":{"admin":true}}', ' unknown key __proto__'],
])('%s is refused, and the answer says where', async (_what, url, payload, mistake) => {
  const { app } = await ducks();
  const reply = await app.inject({ ...MEAL, url, ...(payload !== undefined && { payload }) });
  expect(reply.headers['content-type']).toMatch('application/problem+json');
  expect(reply.json()).toMatchObject({ status: 400, code: 'bad_request', hint: expect.any(String) });
  const { mistakes } = reply.json<{ mistakes: { at: string; message: string }[] }>();
  expect(mistakes.map(({ at, message }) => `${at} ${message}`).join()).toContain(mistake.replace(/^\/ /, ' '));
});

test.each([
  ['text that is no JSON', json, '{"food":', 400, 'bad_request'],
  ['JSON that is not UTF-8', json, Buffer.from([0x22, 0xff, 0x22]), 400, 'bad_request'],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'food=peas', 415, 'unsupported_media'],
  ['bytes', { 'content-type': 'application/octet-stream' }, 'peas', 415, 'unsupported_media'],
  ['a body beyond the limit', json, `{"food":"${'x'.repeat(1 << 20)}"}`, 413, 'too_large'],
])('%s where JSON belongs is a problem with a stable code', async (_what, headers, payload, status, code) => {
  const { app } = await ducks();
  const reply = await app.inject({ ...MEAL, headers, payload });
  expect(reply.json()).toMatchObject({ status, code });
  expect(reply.statusCode).toBe(status);
});

test('an unknown path is not_found, a wrong method names the right ones', async () => {
  const { app } = await ducks();
  expect((await app.inject('/geese')).json()).toMatchObject({ status: 404, code: 'not_found' });
  const wrong = await app.inject({ method: 'DELETE', url: '/ducks/daisy/meals' });
  expect(wrong.json()).toMatchObject({ status: 405, code: 'method_not_allowed' });
  expect(wrong.headers['allow']).toBe('POST');
  expect((await app.inject({ method: 'POST', url: '/pictures/a/b' })).statusCode).toBe(405);
});

test.each([
  ['/ducks/%zz/meals', 400, 'bad_request'],
  [`/ducks/${'d'.repeat(400)}/meals`, 404, 'not_found'],
])('a path that cannot be read is a problem too: %s', async (url, status, code) => {
  const { app } = await ducks();
  const reply = await app.inject({ ...MEAL, url, payload: '{}' });
  expect(reply.json()).toMatchObject({ status, code, requestId: expect.any(String) });
});

test("the caller's address is what a trusted proxy says, and only a trusted one", async () => {
  const { app, log } = await ducks();
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  await app.inject({ url: '/geese', headers, remoteAddress: '10.1.2.3' });
  await app.inject({ url: '/geese', headers, remoteAddress: '192.0.2.1' });
  expect(log.map((line) => (JSON.parse(line) as { address: string }).address)).toEqual(['203.0.113.9', '192.0.2.1']);
});

test('bytes are handed over unread and of any size', async () => {
  const { app } = await ducks();
  const headers = { 'content-type': 'application/octet-stream' };
  const payload = Readable.from([Buffer.alloc(3 << 20)]);
  const reply = await app.inject({ method: 'PUT', url: '/ducks/daisy/swim', headers, payload });
  expect(reply.json()).toEqual({ bytes: 3 << 20 });
  const asJson = await app.inject({ method: 'PUT', url: '/ducks/daisy/swim', headers: json, payload: '{}' });
  expect(asJson.json()).toMatchObject({ code: 'unsupported_media' });
});

test('bytes go out with the status and the headers their handler chose', async () => {
  const { app } = await ducks();
  const reply = await app.inject('/pictures/a/b.png');
  expect([reply.statusCode, reply.body, reply.headers['content-range']]).toEqual([206, 'ck', 'bytes 2-3/4']);
});

test('a failure tells the caller a request id and the log the cause', async () => {
  const { app, log } = await ducks({
    feed: async () => {
      throw new Error('pond /var/lib/pond is dry');
    },
  });
  const reply = await app.inject({ ...MEAL, payload: '{"food":"peas"}' });
  expect(reply.json()).toMatchObject({ status: 500, code: 'internal' });
  expect(reply.body).not.toMatch(/pond|\.ts|at /);
  const { requestId } = reply.json<{ requestId: string }>();
  const told = log.filter((line) => line.includes('pond /var/lib/pond is dry'));
  expect(told.join()).toContain(requestId);
});

test('a problem of a handler arrives whole', async () => {
  const { app } = await ducks({
    feed: async () => {
      throw problem('offset_mismatch', 'The duck is elsewhere.', { hint: 'Look there.', offset: 7, retryAfterSec: 3 });
    },
  });
  const reply = await app.inject({ ...MEAL, payload: '{"food":"peas"}' });
  expect(reply.headers['retry-after']).toBe('3');
  expect(reply.json()).toMatchObject({ status: 409, detail: 'The duck is elsewhere.', hint: 'Look there.', offset: 7 });
});

test('each request is one line in the log, whatever its path contains', async () => {
  const { app, log } = await ducks();
  await app.inject('/geese/%0a%7b%22level%22:60%7d/\u202eevil?token=flt_secret');
  expect(log).toHaveLength(1);
  expect(JSON.parse(log[0] ?? '')).toMatchObject({ msg: 'request', method: 'GET', status: 404, caller: 'nobody' });
  expect(log[0]).not.toContain('flt_secret');
});
