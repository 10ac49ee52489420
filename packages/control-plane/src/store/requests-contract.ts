import { sha256Hex } from '@fairlead/shared/trust/digest';
import { describe, expect, test } from 'vitest';
import type { Store } from './store.ts';

const KEY = sha256Hex('duck');
const request = { person: 'eve', key: 'k1', requestSha256: sha256Hex('POST /') };

export function describeRequests(open: () => Promise<Store>): void {
  describe('nonces of requests', () => {
    test('a nonce is new once per key, until it is forgotten', async () => {
      const { requestNonces } = await open();
      const remember = (nonce: string, key = KEY) => requestNonces.remember(key, nonce, 1_000);
      expect([await remember('n'), await remember('n'), await remember('m')]).toEqual([true, false, true]);
      expect(await remember('n', sha256Hex('goose'))).toBe(true);
      await requestNonces.forgetBefore(1_000);
      expect(await remember('n')).toBe(false);
      await requestNonces.forgetBefore(1_001);
      expect(await remember('n')).toBe(true);
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
