import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestedRange } from './requested-range.ts';

test('a robot that has 400 bytes asks for the rest', () => {
  expect(requestedRange('bytes=400-', 1000)).toEqual({ start: 400, end: 999 });
});

test('first and last byte are inclusive, and the end is cut to the blob', () => {
  expect(requestedRange('bytes=0-0', 1000)).toEqual({ start: 0, end: 0 });
  expect(requestedRange('bytes=990-2000', 1000)).toEqual({ start: 990, end: 999 });
});

test('a suffix asks for the last bytes', () => {
  expect(requestedRange('bytes=-10', 1000)).toEqual({ start: 990, end: 999 });
  expect(requestedRange('bytes=-5000', 1000)).toEqual({ start: 0, end: 999 });
});

test('a range past the end cannot be satisfied', () => {
  expect(requestedRange('bytes=1000-', 1000)).toBe('unsatisfiable');
  expect(requestedRange('bytes=-0', 1000)).toBe('unsatisfiable');
});

test.each([undefined, '', 'bytes=', 'bytes=-', 'bytes=5-4', 'bytes=0-1,5-6', 'lines=1-2', 'bytes=1e3-'])(
  'the header %s means the whole blob',
  (header) => {
    expect(requestedRange(header, 1000)).toBe('whole');
  },
);

test('whatever is asked, a range lies inside the blob', () => {
  const number = fc.option(fc.nat(3000), { nil: '' });
  fc.assert(
    fc.property(number, number, fc.nat(2000), (first, last, size) => {
      const range = requestedRange(`bytes=${first}-${last}`, size);
      if (typeof range === 'string') return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.end).toBeGreaterThanOrEqual(range.start);
      expect(range.end).toBeLessThan(size);
    }),
  );
});
