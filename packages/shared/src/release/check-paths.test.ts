import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkPaths } from './check-paths.ts';

const check = (...paths: string[]) => checkPaths(paths.map((path) => ({ path, size: 1 })));
const categoryOf = (...paths: string[]) => {
  const checked = check(...paths);
  return checked.ok ? 'ok' : checked.refused.category;
};

test('an ordinary release passes', () => {
  expect(categoryOf('policy.onnx', 'scaler.json', 'bin/run', 'bin/lib/a.so', '.env', 'a..b')).toBe('ok');
});

test.each([
  ['climbs', '../../etc/cron.d/x'],
  ['climbs in the middle', 'a/../../b'],
  ['is absolute', '/etc/passwd'],
  ['has a backslash', 'a\\b'],
  ['names a drive', 'C:'],
  ['has an empty segment', 'a//b'],
  ['ends in a slash', 'a/'],
  ['has a dot segment', './a'],
  ['is not ASCII', 'modèle.onnx'],
  ['has a zero-width space', 'a\u200bb'],
  ['overrides the reading direction', 'a\u202etxt'],
  ['has a control character', 'a\nb'],
  ['has a blank', 'a b'],
  ['is empty', ''],
  ['has a segment of 256', 'a'.repeat(256)],
  ['is longer than 1024', Array.from({ length: 9 }, () => 'a'.repeat(120)).join('/')],
])('a path that %s is refused', (_, path) => {
  expect(categoryOf(path)).toBe('path');
});

test('the same path twice, or twice but for case, is refused', () => {
  expect(categoryOf('a', 'a')).toBe('path');
  expect(categoryOf('lib/A.so', 'LIB/a.so')).toBe('path');
});

test('a file where a folder must be is refused, in either order and case', () => {
  expect(categoryOf('a', 'a/b')).toBe('path');
  expect(categoryOf('a/b/c', 'A')).toBe('path');
});

test('a release of nothing, of too many files, or of more bytes than a number holds is refused', () => {
  expect(checkPaths([])).toMatchObject({ refused: { category: 'empty' } });
  expect(categoryOf(...Array.from({ length: 20_001 }, (_, index) => `f${index}`))).toBe('too_big');
  const huge = { size: Number.MAX_SAFE_INTEGER };
  expect(
    checkPaths([
      { path: 'a', ...huge },
      { path: 'b', ...huge },
    ]),
  ).toMatchObject({ refused: { category: 'too_big' } });
});

test('whatever passes stays inside its folder', () => {
  const segment = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('..', '.', '', 'a', 'B', '...', '\\'));
  fc.assert(
    fc.property(fc.array(fc.array(segment, { maxLength: 4 }), { maxLength: 4 }), (paths) => {
      const texts = paths.map((segments) => segments.join('/'));
      if (!check(...texts).ok) return;
      for (const text of texts) expect(new URL(text, 'file:///release/').pathname).toBe(`/release/${text}`);
    }),
  );
});
