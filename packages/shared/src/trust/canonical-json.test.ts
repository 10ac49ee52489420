import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, signingBytes } from './canonical-json.ts';
import { parseStrictJson } from './strict-json.ts';

const asciiKey = fc.stringMatching(/^[ -~]{0,8}$/).filter((key) => key !== '__proto__');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger().map((number) => number || 0),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(asciiKey, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('canonical text reads back as the same value, whatever stands in its strings', () => {
  fc.assert(
    fc.property(value, (document) => {
      expect(parseStrictJson(canonicalJson(document))).toEqual({ ok: true, value: document });
    }),
  );
});

test('it is its own canonical text', () => {
  fc.assert(
    fc.property(value, (document) => {
      const text = canonicalJson(document);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});

test('the order in which members were written does not matter', () => {
  expect(canonicalJson({ b: 1, a: { d: [2, 1], c: null } })).toBe('{"a":{"c":null,"d":[2,1]},"b":1}');
});

test('signing bytes are OLPC canonical JSON: control characters stay raw', () => {
  expect(Buffer.from(signingBytes({ a: '\n"\\' })).toString()).toBe('{"a":"\n\\"\\\\"}');
  expect(canonicalJson({ a: '\n"\\' })).toBe('{"a":"\\u000a\\"\\\\"}');
});

test.each([1.5, -0, 2 ** 53, Number.NaN, undefined, 10n, '\ud800', { é: 1 }])('%s has no canonical form', (odd) => {
  expect(() => canonicalJson(odd)).toThrow(TypeError);
});
