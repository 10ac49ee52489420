import { expect, test } from 'vitest';
import { judged, received } from './support/signed-request.ts';

test('attack 65: a replayed request carries the same key and nonce, which a server takes only once', () => {
  const seen = new Set<string>();
  const take = () => {
    const result = judged(received());
    if (!result.ok) return result.refused.code;
    const mark = `${result.value.keyid} ${result.value.nonce}`;
    if (seen.has(mark)) return 'replay';
    seen.add(mark);
    return 'accepted';
  };
  expect([take(), take()]).toEqual(['accepted', 'replay']);
});

test('attack 65: the nonce of a replay cannot be exchanged', () => {
  const request = received();
  const input = request.headers['signature-input']?.replace('a'.repeat(32), 'b'.repeat(32));
  const replayed = { ...request, headers: { ...request.headers, 'signature-input': input } };
  expect(judged(replayed)).toMatchObject({ ok: false, refused: { code: 'bad_signature' } });
});
