import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openTrustDatabase } from './trust-database.ts';

function trustFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-trust-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'trust.db');
  const db = openTrustDatabase(file);
  db.keep({ files: new Map([['root.json', Buffer.alloc(40_000, 'x')]]), state: { 'time-floor': '1' } });
  db.close();
  return file;
}
const damaged = expect.objectContaining({ refusal: expect.objectContaining({ category: 'store_damaged' }) });

test('what a robot trusts is still there after a restart', () => {
  const db = openTrustDatabase(trustFile());
  expect(db.state('time-floor')).toBe('1');
  db.close();
});

test('a trust database that is none is refused and left as it is', () => {
  const file = trustFile();
  writeFileSync(file, 'rot');
  expect(() => openTrustDatabase(file)).toThrow(damaged);
  expect(readFileSync(file, 'utf8')).toBe('rot');
});

test('a hole in the trust database is found at the start, and not in the middle of an update', () => {
  const file = trustFile();
  const pages = readFileSync(file);
  writeFileSync(file, pages.fill(0, 12_288, 16_384));
  expect(() => openTrustDatabase(file)).toThrow(damaged);
});

test('a place that takes no database is trouble with the place and not damage', () => {
  expect(() => openTrustDatabase(join(trustFile(), 'below-a-file.db'))).toThrow(
    expect.objectContaining({ refusal: expect.objectContaining({ category: 'io', retryable: true }) }),
  );
});
