import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { parse, parseEntries } from './parse.ts';

const closed = { additionalProperties: false };
const Check = Type.Union([
  Type.Object({ http: Type.Object({ url: Type.String(), attempts: Type.Optional(Type.Integer()) }, closed) }, closed),
  Type.Object({ tcp: Type.Object({ port: Type.Integer() }, closed) }, closed),
]);
const Robot = Type.Object({ name: Type.String(), checks: Type.Optional(Type.Array(Check)) }, closed);

const mistakes = (value: unknown) => {
  const parsed = parse(Robot, value);
  return parsed.ok ? [] : parsed.refused.map(({ at, message }) => `${at}: ${message}`);
};

test('a value of the right form is given back', () => {
  expect(parse(Robot, { name: 'duck', checks: [{ tcp: { port: 1 } }] }).ok).toBe(true);
});

test('a misspelt key comes with the key that was meant', () => {
  expect(mistakes({ name: 'duck', checks: [{ http: { url: '', atempts: 3 } }] })).toEqual([
    '/checks/0/http: unknown key atempts; did you mean attempts?',
  ]);
});

test('a key like no other is only called unknown', () => {
  expect(mistakes({ name: 'duck', battery: 3 })).toEqual([': unknown key battery']);
});

test('of a union only the branch that was meant is told', () => {
  expect(mistakes({ name: 'duck', checks: [{ http: { url: '' } }, { tcp: { port: 'x' } }] })).toEqual([
    '/checks/1/tcp/port: must be integer',
  ]);
});

test('a misspelt branch of a union is told as the unknown key it is', () => {
  expect(mistakes({ name: 'duck', checks: [{ htpp: {} }] })).toEqual([
    '/checks/0: unknown key htpp; did you mean http?',
  ]);
});

test('two branches in one place are refused', () => {
  expect(mistakes({ name: 'duck', checks: [{ http: { url: '' }, tcp: { port: 1 } }] })).toEqual([
    '/checks/0: must not have more than 1 properties',
  ]);
});

test('a value of quite another kind is refused, not thrown at', () => {
  for (const odd of [null, 3, 'duck', [], { name: 'duck', checks: [null] }, { name: 'duck', checks: 'all' }]) {
    expect(mistakes(odd).length).toBeGreaterThan(0);
  }
});

test('a pattern is told in the words of its description', () => {
  const Name = Type.String({ pattern: '^[a-z]+$', description: 'Lower-case letters.' });
  expect(parse(Name, 'Duck')).toMatchObject({ refused: [{ message: 'must be: Lower-case letters.' }] });
  expect(parse(Type.String({ pattern: '^[a-z]+$' }), 'Duck')).toMatchObject({
    refused: [{ message: 'does not have the right form' }],
  });
});

test('a value of the wrong type is one mistake, also where several types fit or only one value does', () => {
  const Globs = Type.Object({
    globs: Type.Union([Type.String(), Type.Array(Type.String())]),
    still: Type.Literal(true),
  });
  expect(parse(Globs, { globs: null, still: 'yes' })).toMatchObject({
    refused: [
      { at: '/globs', message: 'must be string or array', expected: ['string', 'array'] },
      { at: '/still', message: 'must be boolean', expected: ['boolean'] },
    ],
  });
  expect(parse(Globs, { globs: [], still: false })).toMatchObject({
    refused: [{ at: '/still', message: 'must be true' }],
  });
});

test('more than eight mistakes are told', () => {
  const parsed = parse(Type.Array(Type.Integer()), Array(12).fill('x'));
  expect(parsed.ok ? [] : parsed.refused).toHaveLength(12);
});

test('what is read of a record fits its schema: neither unknown entries nor too many', () => {
  const schema = Type.Record(Type.String({ pattern: '^[a-z]$' }), Type.Number(), {
    additionalProperties: false,
    maxProperties: 2,
  });
  expect(parseEntries(schema, { a: 1, A: 2, b: '3', c: 4, d: 5 })).toEqual({ a: 1, c: 4 });
  expect(parseEntries(schema, { a: 1, b: 2, c: 3 })).toEqual({ a: 1, b: 2 });
  expect(parseEntries(schema, null)).toEqual({});
});
