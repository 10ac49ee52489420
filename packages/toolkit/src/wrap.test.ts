import { expect, test } from 'vitest';
import { wrap, wrapLine } from './wrap.ts';

test('a line that fits stays as it is, with its spaces', () => {
  expect(wrapLine('robot            duck-1', 80)).toEqual(['robot            duck-1']);
});

test('a long line goes on below its own text', () => {
  expect(wrapLine('last order  walking was rolled back in probation', 36)).toEqual([
    'last order  walking was rolled back',
    '            in probation',
  ]);
  expect(wrapLine('next: look at the log of the service', 30)).toEqual([
    'next: look at the log of the',
    '      service',
  ]);
  expect(wrapLine('  -> look at the log of the service', 30)).toEqual(['  -> look at the log of the', '     service']);
});

test('a word that is wider than the screen is not cut: it may be a digest or an address', () => {
  const digest = 'a'.repeat(64);
  expect(wrapLine(`manifest ${digest} differs`, 40)).toEqual(['manifest', digest, 'differs']);
});

test('attack 83: words from elsewhere begin no line by their line breaks, and are not many empty lines', () => {
  expect(wrap(`duck-1 says: hot\n\rduck-2 is fine${'\n'.repeat(5)}`, 60)).toEqual([
    'duck-1 says: hot\\u{a}\\u{d}duck-2 is',
    'fine\\u{a}\\u{a}\\u{a}\\u{a}\\u{a}',
  ]);
});
