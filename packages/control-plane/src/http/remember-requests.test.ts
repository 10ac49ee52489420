import { sha256Hex } from '@fairlead/shared/trust/digest';
import { expect, test } from 'vitest';
import { kyselyStore } from '../store/kysely-store.ts';
import { migrate } from '../store/migrate.ts';
import type { SignedRequest } from '../store/request-nonces.ts';
import { openSqlite } from '../store/sqlite-database.ts';
import { rememberRequests } from './remember-requests.ts';

const signed = (nonce: string): SignedRequest => ({ keyid: sha256Hex('duck'), nonce, created: 1000 });

/** A store's nonces, with the size of each batch, on a disk that can be full. */
async function watched() {
  const database = openSqlite(':memory:');
  await migrate(database);
  const { requestNonces } = kyselyStore(database);
  const batches: number[] = [];
  const disk = { full: false };
  const { remember, expect: company } = rememberRequests({
    async rememberAll(requests) {
      batches.push(requests.length);
      if (disk.full) throw new Error('disk full');
      return requestNonces.rememberAll(requests);
    },
  });
  return { remember, company, batches, disk };
}

test('requests of one moment are remembered together, and a replay among them is refused', async () => {
  const { remember, batches } = await watched();
  expect(await Promise.all(['a', 'b', 'a'].map((nonce) => remember(signed(nonce))))).toEqual([true, true, false]);
  expect(await remember(signed('b'))).toBe(false);
  expect(batches).toEqual([3, 1]);
});

test('a request is answered only once its batch is on the disk, and refused where the disk refused it', async () => {
  const { remember, disk, batches } = await watched();
  disk.full = true;
  const told = await Promise.allSettled([remember(signed('a')), remember(signed('b'))]);
  expect(told.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  disk.full = false;
  expect(await remember(signed('a'))).toBe(true);
  expect(batches).toEqual([2, 1]);
});

test('a thousand requests at once are a few batches, and each hears of its own', async () => {
  const { remember, batches } = await watched();
  const nonces = Array.from({ length: 1200 }, (_, at) => String(at % 1000));
  const isNew = await Promise.all(nonces.map((nonce) => remember(signed(nonce))));
  expect(isNew.map((each, at) => each === at < 1000)).not.toContain(false);
  expect(batches).toEqual([256, 256, 256, 256, 176]);
});

test('a request waits a moment for those that are being verified, and goes with them', async () => {
  const { remember, company, batches } = await watched();
  const decided = company();
  const first = remember(signed('a'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches).toEqual([]);
  decided();
  expect(await Promise.all([first, remember(signed('b'))])).toEqual([true, true]);
  expect(batches).toEqual([2]);
});

test('a request is not kept waiting by another whose verification takes its time, or whose signature does not hold', async () => {
  const { remember, company, batches } = await watched();
  const never = company();
  expect(await remember(signed('a'))).toBe(true);
  never();
  expect(await remember(signed('b'))).toBe(true);
  expect(batches).toEqual([1, 1]);
});
