import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { createClient, ProblemError, type TransportReply, type TransportRequest, Unreachable } from './client.ts';
import { PROBLEM_TYPE } from './problem.ts';
import type { Api } from './route.ts';

const duckApi = {
  feed: {
    method: 'POST',
    path: '/ducks/:duck/meals',
    access: 'operator',
    tag: 'ducks',
    summary: 'Feed a duck',
    params: Type.Object({ duck: Type.String() }),
    query: Type.Object({ grams: Type.Optional(Type.Integer()), slowly: Type.Optional(Type.Boolean()) }),
    body: Type.Object({ food: Type.String() }),
    reply: Type.Object({ left: Type.Integer() }),
  },
  picture: {
    method: 'GET',
    path: '/pictures/*',
    access: 'public',
    tag: 'ducks',
    summary: 'A picture',
    params: Type.Object({ '*': Type.String() }),
    reply: 'bytes',
  },
} as const satisfies Api;

/** A client whose server answers as told, and what it was asked. */
function client(answer: Partial<TransportReply> & { json?: unknown } = {}) {
  const asked: TransportRequest[] = [];
  const body = answer.body ?? new TextEncoder().encode(JSON.stringify(answer.json ?? { left: 3 }));
  const ducks = createClient(duckApi, {
    baseUrl: 'http://pond.example/base/',
    transport: async (request) => {
      asked.push(request);
      return { status: 200, headers: {}, ...answer, body };
    },
    authorise: ({ method, url }) => ({ authorization: `signed ${method} ${url.pathname}` }),
  });
  return { ducks, asked };
}
const meal = { params: { duck: 'daisy' }, body: { food: 'peas' } };

test('a call becomes a request with path, query, body and proof of who asks', async () => {
  const { ducks, asked } = client();
  const input = { ...meal, params: { duck: 'da/isy?' }, query: { grams: 20, slowly: true } };
  expect(await ducks.feed(input, { idempotencyKey: 'k1' })).toEqual({ left: 3 });
  const [request] = asked;
  expect(request?.url.href).toBe('http://pond.example/base/ducks/da%2Fisy%3F/meals?grams=20&slowly=true');
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'idempotency-key': 'k1',
    authorization: 'signed POST /base/ducks/da%2Fisy%3F/meals',
  });
  expect(new TextDecoder().decode(request?.body)).toBe('{"food":"peas"}');
});

test('bytes come back as they are, from a path with slashes', async () => {
  const { ducks, asked } = client({ body: Uint8Array.of(1, 2) });
  expect(await ducks.picture({ params: { '*': 'a b/c' } })).toEqual(Uint8Array.of(1, 2));
  expect(asked[0]?.url.pathname).toBe('/base/pictures/a%20b/c');
});

test('a problem document becomes an error with all it says', async () => {
  const json = {
    type: 'about:blank',
    title: 'No',
    status: 429,
    code: 'rate_limited',
    detail: 'Too many.',
    hint: 'Wait.',
  };
  const { ducks } = client({ status: 429, headers: { 'content-type': PROBLEM_TYPE, 'retry-after': '7' }, json });
  const error = await ducks.feed(meal).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({ problem: json, retryAfterSec: 7 });
});

test('when to come back is also read from a date, by the clock of the server that said it', async () => {
  const headers = { 'retry-after': 'Sat, 21 Nov 2026 09:00:42 GMT', date: 'Sat, 21 Nov 2026 09:00:00 GMT' };
  const error = await client({ status: 503, headers })
    .ducks.feed(meal)
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ retryAfterSec: 42 });
});

test.each([
  ['a captive portal', { status: 200, body: new TextEncoder().encode('<html>Log in to the Wi-Fi</html>') }],
  ['another program', { status: 200, json: { hello: 'world' } }],
  ["a proxy's own error", { status: 502, body: new TextEncoder().encode('Bad Gateway') }],
])('the answer of %s is not taken for one of Fairlead', async (_who, answer) => {
  const error = await client(answer)
    .ducks.feed(meal)
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ name: 'ProblemError', problem: { code: 'unexpected_answer', status: answer.status } });
});

test('where nobody answers it is said who did not', async () => {
  const ducks = createClient(duckApi, {
    baseUrl: 'http://pond.example',
    transport: () => Promise.reject(new Error('connect ECONNREFUSED')),
  });
  const error = await ducks.feed(meal).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(Unreachable);
  expect(error).toMatchObject({ message: 'http://pond.example did not answer: connect ECONNREFUSED' });
});

test('a call the caller gave up is no network failure', async () => {
  const given = new AbortController();
  const ducks = createClient(duckApi, {
    baseUrl: 'http://pond.example',
    transport: async ({ signal }) => {
      given.abort(new Error('changed my mind'));
      signal?.throwIfAborted();
      throw new Error('never');
    },
  });
  await expect(ducks.feed(meal, { signal: given.signal })).rejects.toThrow('changed my mind');
});
