/** What every artifact store promises; each adapter's test runs it. */
import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Sha256 } from '@fairlead/shared/ids';
import { describe, expect, test } from 'vitest';
import type { ArtifactStore } from './artifact-store.ts';

export const digest = (bytes: Uint8Array): Sha256 => createHash('sha256').update(bytes).digest('hex') as Sha256;

/** Limits that the store under test must be opened with. */
export const CONTRACT_LIMITS = { maxBlobBytes: 100_000, maxTotalBytes: 150_000 };

export function describeArtifactStore(
  name: string,
  world: () => Promise<{ store: ArtifactStore; reopen: () => Promise<ArtifactStore> }>,
): void {
  const put = (store: ArtifactStore, bytes: Uint8Array, offset = 0, size = bytes.length, blob = digest(bytes)) =>
    store.append({ blob, offset, size, bytes: [bytes.subarray(offset)] });

  describe(`${name} artifact store`, () => {
    test('an uploaded blob reads back whole and in part', async () => {
      const { store } = await world();
      const bytes = randomBytes(1000);
      expect(await put(store, bytes)).toEqual({ ok: true, value: { received: 1000, complete: true } });
      const whole = await store.open(digest(bytes));
      expect(whole?.size).toBe(1000);
      expect(whole && (await buffer(whole.stream)).equals(bytes)).toBe(true);
      const part = await store.open(digest(bytes), { start: 10, end: 19 });
      expect(part && (await buffer(part.stream)).equals(bytes.subarray(10, 20))).toBe(true);
      expect(await store.size(digest(bytes))).toBe(1000);
    });

    test('an unknown blob is absent everywhere', async () => {
      const { store } = await world();
      const blob = digest(randomBytes(8));
      expect(await store.state(blob)).toEqual({ received: 0, complete: false });
      expect(await store.size(blob)).toBeUndefined();
      expect(await store.open(blob)).toBeUndefined();
      expect(await store.lend(blob, async () => 'used')).toBeUndefined();
    });

    test('an upload goes on where it stopped, also after a restart of the server', async () => {
      const { store, reopen } = await world();
      const bytes = randomBytes(3000);
      const blob = digest(bytes);
      await store.append({ blob, offset: 0, size: 3000, bytes: [bytes.subarray(0, 1200)] });
      const later = await reopen();
      expect(await later.state(blob)).toEqual({ received: 1200, complete: false });
      expect(await later.open(blob)).toBeUndefined();
      expect(await put(later, bytes, 1200)).toEqual({ ok: true, value: { received: 3000, complete: true } });
    });

    test('an upload that was cut off between its last byte and its check is completed by an empty part', async () => {
      const { store } = await world();
      const bytes = randomBytes(500);
      const blob = digest(bytes);
      // As the disk looks after such a crash: everything arrived, nothing was checked.
      await store.append({ blob, offset: 0, size: 501, bytes: [bytes] });
      const done = { ok: true, value: { received: 500, complete: true } };
      expect(await store.append({ blob, offset: 500, size: 500, bytes: [] })).toEqual(done);
    });

    test('an upload begun with a larger size begins again', async () => {
      const { store } = await world();
      const bytes = randomBytes(500);
      const blob = digest(bytes);
      await store.append({ blob, offset: 0, size: 9000, bytes: [randomBytes(600)] });
      expect(await put(store, bytes)).toEqual({ ok: false, refused: { code: 'offset_mismatch', offset: 0 } });
      expect((await put(store, bytes)).ok).toBe(true);
    });

    test('bytes that arrived before the link broke are kept', async () => {
      const { store } = await world();
      const bytes = randomBytes(3000);
      const blob = digest(bytes);
      const broken = async function* () {
        yield bytes.subarray(0, 700);
        throw new Error('connection reset');
      };
      await expect(store.append({ blob, offset: 0, size: 3000, bytes: broken() })).rejects.toThrow('connection reset');
      expect(await store.state(blob)).toEqual({ received: 700, complete: false });
      expect((await put(store, bytes, 700)).ok).toBe(true);
    });

    test('a part at the wrong offset is told where the upload stands', async () => {
      const { store } = await world();
      const bytes = randomBytes(100);
      const blob = digest(bytes);
      await store.append({ blob, offset: 0, size: 100, bytes: [bytes.subarray(0, 40)] });
      expect(await put(store, bytes, 0)).toEqual({ ok: false, refused: { code: 'offset_mismatch', offset: 40 } });
      expect(await put(store, bytes, 60)).toEqual({ ok: false, refused: { code: 'offset_mismatch', offset: 40 } });
    });

    test('the wrong bytes are refused and deleted, and the right ones may follow', async () => {
      const { store } = await world();
      const bytes = randomBytes(500);
      const flipped = Uint8Array.from(bytes, (byte, index) => (index === 77 ? byte ^ 1 : byte));
      const blob = digest(bytes);
      expect(await put(store, flipped, 0, 500, blob)).toMatchObject({ ok: false, refused: { code: 'hash' } });
      expect(await store.state(blob)).toEqual({ received: 0, complete: false });
      expect((await put(store, bytes)).ok).toBe(true);
    });

    test('more bytes than declared are refused and not kept', async () => {
      const { store } = await world();
      const bytes = randomBytes(500);
      const blob = digest(bytes);
      await store.append({ blob, offset: 0, size: 400, bytes: [bytes.subarray(0, 100)] });
      // Two chunks: the first still fits.
      const rest = [bytes.subarray(100, 300), bytes.subarray(300)];
      const refusal = { ok: false, refused: { code: 'too_large' } };
      expect(await store.append({ blob, offset: 100, size: 400, bytes: rest })).toMatchObject(refusal);
      expect(await store.state(blob)).toEqual({ received: 100, complete: false });
    });

    test('a blob above the cap, and a blob above the quota of the store, are refused before a byte is kept', async () => {
      const { store } = await world();
      const blob = digest(randomBytes(8));
      const part = [randomBytes(10)];
      const refusal = { ok: false, refused: { code: 'too_large' } };
      expect(await store.append({ blob, offset: 0, size: 100_001, bytes: part })).toMatchObject(refusal);
      expect((await put(store, randomBytes(90_000))).ok).toBe(true);
      expect(await store.append({ blob, offset: 0, size: 90_000, bytes: part })).toMatchObject(refusal);
      expect(await store.state(blob)).toEqual({ received: 0, complete: false });
    });

    test('a blob that is there already answers complete to every retry', async () => {
      const { store } = await world();
      const bytes = randomBytes(100);
      await put(store, bytes);
      for (const offset of [0, 50, 99]) {
        expect(await put(store, bytes, offset)).toEqual({ ok: true, value: { received: 100, complete: true } });
      }
    });

    test('two uploaders of one blob at once end with one right blob', async () => {
      const { store } = await world();
      const bytes = randomBytes(64_000);
      const uploader = async () => {
        for (let offset = 0; offset < bytes.length; ) {
          const chunk = bytes.subarray(offset, offset + 5000);
          const done = await store.append({ blob: digest(bytes), offset, size: bytes.length, bytes: [chunk] });
          if (done.ok) offset = done.value.received;
          else if (done.refused.code === 'offset_mismatch') offset = done.refused.offset;
          else throw new Error(done.refused.detail);
        }
      };
      await Promise.all([uploader(), uploader(), uploader()]);
      const blob = await store.open(digest(bytes));
      expect(blob && (await buffer(blob.stream)).equals(bytes)).toBe(true);
    });

    test('attack 140: an uploader that stalls in the middle of a part delays nobody who uploads the same blob', async () => {
      const { store } = await world();
      const bytes = randomBytes(64_000);
      const blob = digest(bytes);
      const released = Promise.withResolvers<void>();
      const stalling = async function* () {
        yield bytes.subarray(0, 1000);
        await released.promise;
        yield bytes.subarray(1000, 2000);
      };
      const stalled = store.append({ blob, offset: 0, size: bytes.length, bytes: stalling() });
      await expect.poll(async () => (await store.state(blob)).received).toBe(1000);
      expect(await put(store, bytes, 1000)).toEqual({ ok: true, value: { received: 64_000, complete: true } });
      released.resolve();
      // It is told what became of the blob, and has changed nothing of it.
      expect(await stalled).toEqual({ ok: true, value: { received: 64_000, complete: true } });
      const read = await store.open(blob);
      expect(read && (await buffer(read.stream)).equals(bytes)).toBe(true);
    });

    test('a blob is lent as a local file', async () => {
      const { store } = await world();
      const bytes = randomBytes(100);
      await put(store, bytes);
      const { readFile } = await import('node:fs/promises');
      expect(await store.lend(digest(bytes), async (file) => (await readFile(file)).equals(bytes))).toBe(true);
    });
  });
}
