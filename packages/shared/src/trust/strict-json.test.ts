import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from './strict-json.ts';

const ok = (text: string | Uint8Array, limits = {}) => parseStrictJson(text, limits).ok;
/** JSON.parse keeps -0 and sees __proto__ as a member; neither may appear here. */
const jsonText = fc.json({ maxDepth: 6, noUnicodeString: false }).filter((text) => !text.includes('__proto__'));

test('what it accepts, JSON.parse reads the same way', () => {
  fc.assert(
    fc.property(jsonText, (text) => {
      const strict = parseStrictJson(text, { floats: true });
      if (strict.ok) expect(strict.value).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test('ordinary JSON of safe integers is accepted as it is, with any white space', () => {
  const leaf = fc.oneof(
    fc.maxSafeInteger().map((number) => number + 0 || 0),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.constantFrom(0, 1, 4, '\t'), (document, space) => {
      expect(parseStrictJson(JSON.stringify(document, null, space))).toEqual({ ok: true, value: document });
    }),
  );
});

test('a text that JSON.parse refuses is refused', () => {
  fc.assert(
    fc.property(jsonText, fc.nat(), fc.constantFrom(',', '"', '}', ']', 'x', '\\', '01', '+1'), (text, at, junk) => {
      const place = at % (text.length + 1);
      const broken = text.slice(0, place) + junk + text.slice(place);
      let readable = true;
      try {
        JSON.parse(broken);
      } catch {
        readable = false;
      }
      if (!readable) expect(ok(broken, { floats: true })).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('random bytes never throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void parseStrictJson(bytes)));
});

describe('refused although JSON.parse would take it', () => {
  test.each([
    ['a member twice', '{"a":1,"a":1}'],
    ['a member twice, once escaped', '{"a":1,"\\u0061":1}'],
    ['__proto__', '{"__proto__":{}}'],
    ['an escaped __proto__', '{"__prot\\u006f__":{}}'],
    ['a fraction', '1.5'],
    ['an exponent', '1e3'],
    ['minus zero', '-0'],
    ['an unsafe integer', '9007199254740992'],
    ['a lone surrogate', '"\\udc00"'],
    ['NUL', '"\\u0000"'],
    ['nesting deeper than 24', `${'['.repeat(25)}${']'.repeat(25)}`],
  ])('%s', (_what, text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(ok(text)).toBe(false);
  });
});

test('the refusal says what and where', () => {
  const refused = parseStrictJson('{"version":9,"version":2}');
  expect(refused).toMatchObject({
    ok: false,
    refused: { code: 'bad_json', detail: 'the member "version" twice, at character 22' },
  });
});

test('nesting of exactly the limit is accepted, and floats where they are asked for', () => {
  expect(ok(`${'['.repeat(24)}${']'.repeat(24)}`)).toBe(true);
  expect(ok('[[1]]', { depth: 1 })).toBe(false);
  expect(parseStrictJson('[-0.5,1e3]', { floats: true })).toEqual({ ok: true, value: [-0.5, 1000] });
  expect(ok('1e999', { floats: true })).toBe(false);
});

test('a refusal gives the offset and the JSON pointer of the value that could not be read', () => {
  expect(parseStrictJson('{"a": 1, "b/c": [0, {"d": NaN}]}')).toMatchObject({
    refused: { place: { offset: 26, pointer: '/b~1c/1/d' } },
  });
  expect(parseStrictJson('// no JSON')).toMatchObject({ refused: { place: { offset: 0, pointer: '' } } });
});

test('__proto__ is a member like any other where every name is allowed', () => {
  const read = parseStrictJson('{"__proto__": {"a": 1}}', { anyNames: true });
  expect(read.ok && Object.entries(read.value as object)).toEqual([['__proto__', { a: 1 }]]);
});
