import { sha256Hex } from '@fairlead/shared/trust/digest';
import { describe, expect, test } from 'vitest';
import type { Store } from './store.ts';

const KEY = sha256Hex('duck');
const request = { person: 'eve', key: 'k1', requestSha256: sha256Hex('POST /') };

export function describeRequests(open: () => Promise<Store>): void {
  describe('nonces of requests', () => {
    const signed = (nonce: string, { keyid = KEY, created = 1_000_000 } = {}) => ({ keyid, nonce, created });

    test('a nonce is new once per key and time of signing, until it is forgotten', async () => {
      const { requestNonces } = await open();
      const remember = async (...requests: ReturnType<typeof signed>[]) => requestNonces.rememberAll(requests);
      expect(await remember(signed('n'))).toEqual([true]);
      expect(await remember(signed('n'), signed('m'))).toEqual([false, true]);
      expect(await remember(signed('n', { keyid: sha256Hex('goose') }))).toEqual([true]);
      expect(await remember(signed('n', { created: 1_001_000 }))).toEqual([true]);
      expect(await remember()).toEqual([]);
      expect(await requestNonces.forgetSome(1_000_000)).toBe(false);
      expect(await remember(signed('n'))).toEqual([false]);
      expect(await requestNonces.forgetSome(1_001_000)).toBe(true);
      expect(await remember(signed('n'), signed('n', { created: 1_001_000 }))).toEqual([true, false]);
    });

    test('a replay inside one batch is refused like any other: the first is new, wherever the rest stand', async () => {
      const { requestNonces } = await open();
      const batch = [signed('c'), signed('a'), signed('c'), signed('b'), signed('a'), signed('c')];
      expect(await requestNonces.rememberAll(batch)).toEqual([true, true, false, true, false, false]);
      expect(await requestNonces.rememberAll(batch)).toEqual(batch.map(() => false));
    });

    test('two batches at once agree on who was first', async () => {
      const { requestNonces } = await open();
      const [ab, ba] = await Promise.all([
        requestNonces.rememberAll([signed('a'), signed('b')]),
        requestNonces.rememberAll([signed('b'), signed('a')]),
      ]);
      expect([ab[0], ab[1]]).toEqual([!ba[1], !ba[0]]);
    });

    test('they are forgotten a second at a time, oldest first', async () => {
      const { requestNonces } = await open();
      const old = [signed('a', { created: 1000 }), signed('b', { created: 1999 }), signed('c', { created: 2000 })];
      await requestNonces.rememberAll(old);
      expect(await requestNonces.forgetSome(9000)).toBe(true);
      expect(await requestNonces.rememberAll(old)).toEqual([true, true, false]);
      for (const left of [true, true, false]) expect(await requestNonces.forgetSome(9000)).toBe(left);
    });
  });

  describe('idempotent replies', () => {
    test('a claim is new once; then running, then answered with the reply', async () => {
      const { idempotentReplies: replies } = await open();
      expect(await replies.claim(request, 1_000)).toEqual({ state: 'new' });
      expect(await replies.claim(request, 1_000)).toEqual({ state: 'running' });
      await replies.answer(request, { status: 201, body: '{}' });
      const reply = { status: 201, body: '{}' };
      expect(await replies.claim(request, 1_000)).toEqual({ state: 'answered', reply });
    });

    test('the key of another person is another key; another request is told apart', async () => {
      const { idempotentReplies: replies } = await open();
      await replies.claim(request, 1_000);
      expect(await replies.claim({ ...request, person: 'adam' }, 1_000)).toEqual({ state: 'new' });
      const other = { ...request, requestSha256: sha256Hex('POST /other') };
      expect(await replies.claim(other, 1_000)).toEqual({ state: 'other-request' });
    });

    test('a released or forgotten claim is new again', async () => {
      const { idempotentReplies: replies } = await open();
      await replies.claim(request, 1_000);
      await replies.release(request);
      expect(await replies.claim(request, 1_000)).toEqual({ state: 'new' });
      await replies.forgetBefore(2_000);
      expect(await replies.claim(request, 2_000)).toEqual({ state: 'new' });
    });
  });
}
