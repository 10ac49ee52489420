import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missingPlatforms } from '../../scripts/complete-lockfile.ts';

const lockfile = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'));

test('the lockfile knows every platform’s packages, or npm ci refuses a clean clone', () => {
  // If this is red: node scripts/complete-lockfile.ts
  expect(missingPlatforms(lockfile)).toEqual([]);
});

test('the lockfile names no registry', () => {
  const { packages } = lockfile as { packages: Record<string, { resolved?: string }> };
  const resolved = Object.values(packages).flatMap((entry) => entry.resolved ?? []);
  expect(resolved.filter((place) => !place.startsWith('packages/'))).toEqual([]);
});
