import { readFile } from 'node:fs/promises';
import { type Client, ProblemError, Unreachable } from '@fairlead/shared/api/client';
import type { publishApi } from '@fairlead/shared/api/publish-api';
import { expect, test } from 'vitest';
import { openReleaseFile } from './open-release-file.ts';
import { builtFrom } from './testing/author-folder.ts';
import { uploadBundle } from './upload-bundle.ts';

type Uploads = Pick<Client<typeof publishApi>, 'uploadState' | 'uploadPart'>;

/** A control plane that keeps what it gets; `fault` may throw before or after a part has arrived. */
function receiver(
  size: number,
  fault: (call: number) => { before?: Error; after?: Error; onlyBytes?: number } = () => ({}),
) {
  let kept = Buffer.alloc(0);
  let calls = 0;
  const state = () => ({ received: kept.length, complete: kept.length === size });
  const uploads: Uploads = {
    uploadState: () => Promise.resolve(state()),
    uploadPart: async ({ query, body }) => {
      const { before, after, onlyBytes } = fault(++calls);
      if (before) throw before;
      if (query.offset !== kept.length) throw problem('offset_mismatch', 409);
      kept = Buffer.concat([kept, body.subarray(0, onlyBytes)]);
      if (after) throw after;
      return state();
    },
  };
  return { uploads, bytes: () => kept, calls: () => calls };
}
const problem = (code: string, status: number) =>
  new ProblemError({ type: 'about:blank', title: code, status, code, detail: code });
const atOnce = () => Promise.resolve();
const cable = () => new Unreachable(new URL('http://fleet.test/'), new Error('ECONNRESET'));

async function release() {
  const file = await builtFrom({ 'a.txt': 'aaa' });
  const opened = await openReleaseFile(file, 'publish');
  if (!opened.ok) throw new Error(opened.refused.detail);
  const { start, length } = opened.value.bundle;
  return { opened: opened.value, bundle: (await readFile(file)).subarray(start, start + length) };
}

test('exactly the bundle arrives, and progress ends at its size', async () => {
  const { opened, bundle } = await release();
  const { uploads, bytes } = receiver(bundle.length);
  const told: number[] = [];
  await uploadBundle(uploads, opened, (at) => told.push(at));
  expect(bytes()).toEqual(bundle);
  expect(told).toEqual([0, bundle.length]);
});

test('a cut in the middle of a part goes on where the control plane stands', async () => {
  const { opened, bundle } = await release();
  const { uploads, bytes, calls } = receiver(bundle.length, (call) =>
    call === 1 ? { onlyBytes: 7, after: cable() } : {},
  );
  await uploadBundle(uploads, opened, () => {}, atOnce);
  expect(bytes()).toEqual(bundle);
  expect(calls()).toBe(2);
});

test('an answer that was lost costs nothing', async () => {
  const { opened, bundle } = await release();
  const { uploads, calls } = receiver(bundle.length, () => ({ after: cable() }));
  await uploadBundle(uploads, opened, () => {}, atOnce);
  expect(calls()).toBe(1);
});

test('a bundle that is there already is not sent again', async () => {
  const { opened } = await release();
  const { uploads, calls } = receiver(0);
  await uploadBundle(uploads, opened, () => {}, atOnce);
  expect(calls()).toBe(0);
});

test('a refusal ends it at once, and a dead network after some attempts', async () => {
  const { opened, bundle } = await release();
  const refusing = receiver(bundle.length, () => ({ before: problem('too_large', 413) }));
  await expect(uploadBundle(refusing.uploads, opened, () => {}, atOnce)).rejects.toThrow('too_large');
  expect(refusing.calls()).toBe(1);
  const dead = receiver(bundle.length, () => ({ before: problem('unavailable', 503) }));
  await expect(uploadBundle(dead.uploads, opened, () => {}, atOnce)).rejects.toThrow('unavailable');
  expect(dead.calls()).toBeGreaterThan(3);
});
