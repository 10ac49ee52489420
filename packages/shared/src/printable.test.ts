import { expect, test } from 'vitest';
import { printable, printableJson } from './printable.ts';

/** Escape, its 8-bit form, delete, Arabic letter mark, override, isolate, soft hyphen, word joiner, separator, tag. */
const OBEYED = ['1b', '9b', '7f', '61c', '202e', '2066', 'ad', '2060', '2028', 'e0041', 'fff9', '180e', 'feff', 'a'];
const text = (code: string): string => String.fromCodePoint(Number.parseInt(code, 16));

test.each(OBEYED)('attack 83: U+%s is seen and not obeyed', (code) => {
  expect(printable(`a${text(code)}b`)).toBe(`a\\u{${code}}b`);
});

test('letters, marks and signs of any script stay as they are', () => {
  const words = 'Zoë größer 機器人 робот रोबोट روبوت 🦆 ½ € …';
  expect(printable(words)).toBe(words);
  expect(JSON.parse(printableJson({ words }))).toEqual({ words });
});

test('attack 83: a JSON document holds nothing that a terminal obeys, and says the same', () => {
  const document = { [`key${text('9b')}`]: OBEYED.map(text), more: [{ name: `duck${text('e0041')}` }] };
  const said = printableJson(document);
  expect(said.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(said)).toEqual(document);
});
