import { expect, test } from 'vitest';
import { sayCheckInError } from './say-check-in-error.ts';

const withCode = (code: string): Error => Object.assign(new Error('something failed'), { code });

// Trust and reports lie in SQLite, which speaks of the disk in codes of its own.
test.each([
  ['SQLITE_FULL', 'disk_full'],
  ['ENOSPC', 'disk_full'],
  ['SQLITE_IOERR_WRITE', 'io'],
  ['SQLITE_READONLY_DBMOVED', 'io'],
  ['SQLITE_CONSTRAINT', 'unexpected'],
])('a check-in that ends with %s is told as %s', (code, category) => {
  expect(sayCheckInError(withCode(code)).category).toBe(category);
});
