import fc from 'fast-check';
import { expect, test } from 'vitest';
import { signerFromSeed } from './ed25519.ts';
import { isSignedBody, signRequest, verifyRequest, verifyRequestAside } from './http-signature.ts';
import { openEdKey, verifyEd } from './verify-ed25519.ts';

const signer = signerFromSeed(new Uint8Array(32).fill(3));
const NOW = Date.UTC(2026, 10, 21);

test('RFC 9421 B.2.6: the Ed25519 vector verifies with our verifier', () => {
  const base = [
    '"date": Tue, 20 Apr 2021 02:07:55 GMT',
    '"@method": POST',
    '"@path": /foo',
    '"@authority": example.com',
    '"content-type": application/json',
    '"content-length": 18',
    '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
  ].join('\n');
  const publicKey = Buffer.from('JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs', 'base64url').toString('hex');
  const signature = 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==';
  expect(verifyEd(publicKey, Buffer.from(base), Buffer.from(signature, 'base64'))).toBe(true);
  expect(verifyEd(publicKey, Buffer.from(base.replace('/foo', '/bar')), Buffer.from(signature, 'base64'))).toBe(false);
});

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  path: fc.webPath(),
  query: fc.oneof(
    fc.constant(''),
    fc.webQueryParameters().map((text) => `?${text}`),
  ),
  body: fc.uint8Array({ maxLength: 200 }),
});

test('whatever is sent arrives as it was signed, and nothing else does', () => {
  fc.assert(
    fc.property(request, request, (sent, other) => {
      const url = new URL(`https://fleet.example${sent.path}${sent.query}`);
      const headers = signRequest({ ...sent, url }, signer, { created: NOW, nonce: 'n'.repeat(22) });
      const arrives = (changed: typeof sent) =>
        verifyRequest(
          { ...changed, authority: 'Fleet.Example', headers },
          { publicKeyOf: () => signer.publicKey, now: NOW, authorities: ['fleet.example'] },
        );
      const whole = { method: sent.method, path: url.pathname, query: url.search, body: sent.body };
      expect(arrives(whole)).toEqual({ ok: true, value: { keyid: signer.keyid, nonce: 'n'.repeat(22), created: NOW } });
      for (const part of ['method', 'path', 'query', 'body'] as const) {
        const changed = { ...whole, [part]: other[part] };
        const same =
          String(changed[part] || '/') === String(whole[part] || '/') ||
          (part === 'query' && [changed.query, whole.query].every((text) => text === '' || text === '?'));
        expect(arrives(changed).ok).toBe(same);
      }
    }),
    { numRuns: 30 },
  );
});

const WRONG_BODY = { code: 'bad_signature', detail: 'the body is not the one that was signed' };

test('on another thread the same requests are accepted, and the others refused with the same words', async () => {
  const key = openEdKey(signer.publicKey);
  if (!key) throw new Error('a good key');
  const stranger = signerFromSeed(new Uint8Array(32).fill(4));
  const url = new URL('https://fleet.example/check-in');
  const body = Buffer.from('{}');
  const sentBy = (by: typeof signer) => ({
    method: 'POST',
    authority: 'fleet.example',
    path: url.pathname,
    query: '',
    body,
    headers: signRequest({ method: 'POST', url, body }, by, { created: NOW, nonce: 'n'.repeat(22) }),
  });
  const good = sentBy(signer);
  const bent = [good, sentBy(stranger), { ...good, path: '/other' }, { ...good, body: Buffer.from('{ }') }];
  for (const request of [...bent, { ...good, authority: 'evil.example' }, { ...good, headers: {} }]) {
    for (const now of [NOW, NOW + 301_000]) {
      const listener = { now, authorities: ['fleet.example'] };
      const publicKeyOf = (keyid: string) => (keyid === signer.keyid ? signer.publicKey : undefined);
      const { body: bytes, ...headers } = request;
      const verified = await verifyRequestAside(headers, { ...listener, keyid: signer.keyid, key });
      const { 'content-digest': digest }: Record<string, string | undefined> = request.headers;
      const holds = isSignedBody(bytes, digest);
      expect(verified.ok && !holds ? { ok: false, refused: WRONG_BODY } : verified).toEqual(
        verifyRequest(request, { ...listener, publicKeyOf }),
      );
    }
  }
});

test('the signed headers never throw a verifier off, whatever they hold', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (signature, input, digest) => {
      const headers = { signature, 'signature-input': input, 'content-digest': digest };
      const verified = verifyRequest(
        { method: 'GET', authority: 'a', path: '/', query: '', headers, body: new Uint8Array() },
        { publicKeyOf: () => signer.publicKey, now: NOW, authorities: ['a'] },
      );
      expect(verified.ok).toBe(false);
    }),
  );
});
