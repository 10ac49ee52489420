import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unevenClock } from '@fairlead/shared/testing/test-clock';
import { afterAll, expect, test } from 'vitest';
import { CONTRACT_LIMITS, describeArtifactStore, digest } from './artifact-store-contract.ts';
import { openFolderArtifactStore } from './folder-artifact-store.ts';

const root = await mkdtemp(join(tmpdir(), 'fairlead-artifacts-'));
afterAll(() => rm(root, { recursive: true, force: true }));
const clock = unevenClock(Date.now);
let worlds = 0;
const open = (folder: string) => openFolderArtifactStore({ folder, clock, ...CONTRACT_LIMITS });

describeArtifactStore('folder', async () => {
  const folder = join(root, String((worlds += 1)));
  return { store: await open(folder), reopen: () => open(folder) };
});

test('an upload that nobody went on with for a week is swept at the next start', async () => {
  const folder = join(root, 'swept');
  const store = await open(folder);
  const bytes = new Uint8Array(10);
  await store.append({ blob: digest(bytes), offset: 0, size: 10, bytes: [bytes.subarray(0, 5)] });
  const eightDaysAgo = Date.now() / 1000 - 8 * 86_400;
  await utimes(join(folder, 'uploads', `${digest(bytes)}.part`), eightDaysAgo, eightDaysAgo);
  await open(folder);
  expect(await readdir(join(folder, 'uploads'))).toEqual([]);
});
