import { fromTimestamp } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { ago } from './ago.ts';

const now = fromTimestamp('2026-11-21T09:00:00.000Z');

test.each([
  [undefined, '-'],
  ['2026-11-21T09:00:00.000Z', 'just now'],
  ['2026-11-21T08:59:48.000Z', '12 s ago'],
  ['2026-11-21T08:00:00.000Z', '1 h ago'],
  ['2026-11-19T08:00:00.000Z', '2 d ago'],
  // A robot whose clock runs ahead is not seen in the future.
  ['2026-11-21T09:00:30.000Z', 'just now'],
])('%s is %s', (timestamp, said) => {
  expect(ago(timestamp, now)).toBe(said);
});
