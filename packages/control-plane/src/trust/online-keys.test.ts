import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openOnlineKeys } from './online-keys.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-keys-'));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
});

test('three keys are made at the first start, readable by nobody else, and are the same after a restart', async () => {
  const first = await openOnlineKeys(folder);
  expect((await readdir(folder)).sort()).toEqual(['director.key', 'snapshot.key', 'timestamp.key']);
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o400);
  const again = await openOnlineKeys(folder);
  expect(again.director.publicKey).toBe(first.director.publicKey);
  const publicKeys = [first.snapshot, first.timestamp, first.director].map(({ publicKey }) => publicKey);
  expect(new Set(publicKeys).size).toBe(3);
});

test('a key that others may read is not used', async () => {
  await openOnlineKeys(folder);
  await chmod(join(folder, 'snapshot.key'), 0o444);
  await expect(openOnlineKeys(folder)).rejects.toThrow('Others may read');
});

test('a damaged key is never quietly replaced by a new one', async () => {
  await openOnlineKeys(folder);
  const file = join(folder, 'timestamp.key');
  await chmod(file, 0o600);
  await writeFile(file, 'half a k');
  await expect(openOnlineKeys(folder)).rejects.toThrow('damaged');
  expect(await readFile(file, 'utf8')).toBe('half a k');
});

test('replicas that start first at once in one folder have the same keys', async () => {
  const opened = await Promise.all([1, 2, 3, 4].map(() => openOnlineKeys(folder)));
  for (const role of ['snapshot', 'timestamp', 'director'] as const) {
    expect(new Set(opened.map((keys) => keys[role].keyid)).size).toBe(1);
  }
  expect((await readdir(folder)).sort()).toEqual(['director.key', 'snapshot.key', 'timestamp.key']);
});
