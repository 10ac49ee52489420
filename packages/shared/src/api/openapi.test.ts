import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { openApi } from './openapi.ts';
import type { Api } from './route.ts';
import { V1 } from './v1.ts';

const duckApi = {
  feed: {
    method: 'POST',
    path: '/ducks/:duck/meals',
    access: 'operator',
    tag: 'ducks',
    summary: 'Feed a duck',
    params: Type.Object({ duck: Type.String() }),
    query: Type.Object({ grams: Type.Integer(), slowly: Type.Optional(Type.Boolean()) }),
    body: Type.Object({ food: Type.String() }),
    reply: Type.Object({ left: Type.Integer() }),
    status: 201,
  },
} as const satisfies Api;

test('a route becomes an operation with its parameters, body, replies and security', () => {
  const document = openApi([duckApi]);
  expect(document['paths']).toMatchObject({
    '/ducks/{duck}/meals': {
      post: {
        operationId: 'feed',
        security: [{ person: [] }],
        parameters: [
          { name: 'duck', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'grams', in: 'query', required: true },
          { name: 'slowly', in: 'query', required: false },
        ],
        requestBody: { required: true, content: { 'application/json': { schema: { required: ['food'] } } } },
        responses: {
          '201': { content: { 'application/json': { schema: { type: 'object' } } } },
          default: { $ref: '#/components/responses/Problem' },
        },
      },
    },
  });
});

const routes = V1.flatMap((api) => Object.entries(api));

test('no two routes share a name, or a method and path', () => {
  const names = routes.map(([name]) => name);
  const places = routes.map(([, { method, path }]) => `${method} ${path}`);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(places).size).toBe(places.length);
});

test.each(routes)('%s takes no unknown keys', (_name, { params, query, body }) => {
  for (const part of [params, query, body]) {
    if (part === undefined || part === 'bytes' || !('type' in part)) continue;
    expect(part).toMatchObject({ type: 'object', additionalProperties: false });
  }
});

test.each(routes)('%s names in its schema exactly the parameters of its path', (_name, { path, params }) => {
  const inPath = [...path.matchAll(/:([A-Za-z0-9]+)|\*/g)].map(([whole, name]) => name ?? whole);
  expect(Object.keys(params?.properties ?? {}).sort()).toEqual(inPath.sort());
});
