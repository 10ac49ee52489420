import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jcs } from './jcs.ts';

test('the example of RFC 8785 3.2.4 is written as the RFC writes it', () => {
  const value = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  expect(jcs(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('keys are sorted by UTF-16 unit, not by code point (RFC 8785 3.2.3)', () => {
  const keys = ['\u20ac', '\r', '\ufb33', '\ud83d\ude00', '\u0080', '\u00f6'];
  const text = jcs(Object.fromEntries(keys.map((key) => [key, 0])));
  expect([...text.matchAll(/"([^"]+)"/g)].map(([, key]) => key)).toEqual([
    '\\r',
    '\u0080',
    '\u00f6',
    '\u20ac',
    '\ud83d\ude00',
    '\ufb33',
  ]);
});

test('what JSON cannot say is thrown at, not bent', () => {
  for (const odd of [Number.NaN, Infinity, undefined, '\ud800', { ['\udc00']: 1 }, [undefined]]) {
    expect(() => jcs(odd)).toThrow(TypeError);
  }
});

test('every JSON value reads back, and its text is a fixed point', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = jcs(value);
      expect(jcs(JSON.parse(text))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
