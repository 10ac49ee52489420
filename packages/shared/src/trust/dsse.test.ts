import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEnvelope, sealEnvelope } from './dsse.ts';
import { signerFromSeed } from './ed25519.ts';

const signer = signerFromSeed(new Uint8Array(32).fill(1));
const stranger = signerFromSeed(new Uint8Array(32).fill(2));
const TYPE = 'application/x-test';
const sealed = sealEnvelope(TYPE, Buffer.from('hello'), signer);
const opens = (envelope: typeof sealed, type = TYPE, keys = [signer.publicKey]) =>
  openEnvelope(type, envelope, keys).ok;

test('an envelope gives back exactly the bytes that went in', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ minLength: 1, maxLength: 30 }), (payload, type) => {
      const opened = openEnvelope(type, sealEnvelope(type, payload, signer), [stranger.publicKey, signer.publicKey]);
      expect(opened.ok && Buffer.from(opened.value).equals(Buffer.from(payload))).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('type and payload cannot trade bytes across their border', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 2, maxLength: 12 }), fc.string({ maxLength: 12 }), (type, payload) => {
      const envelope = sealEnvelope(type, Buffer.from(payload), signer);
      const moved = {
        ...envelope,
        payloadType: type.slice(0, -1),
        payload: Buffer.from(type.slice(-1) + payload).toString('base64'),
      };
      expect(opens(moved, type.slice(0, -1))).toBe(false);
    }),
    { numRuns: 20 },
  );
});

test('DSSE protocol example: the pre-authentication encoding is the published one', () => {
  // DSSEv1 29 http://example.com/HelloWorld 11 hello world
  const pae = Buffer.from('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  const envelope = sealEnvelope('http://example.com/HelloWorld', Buffer.from('hello world'), signer);
  expect(envelope.signatures[0]?.sig).toBe(Buffer.from(signer.sign(pae)).toString('base64'));
});

test('a flipped byte, another type, another key or a second signature: none opens', () => {
  expect(opens(sealed)).toBe(true);
  expect(opens({ ...sealed, payload: Buffer.from('hellp').toString('base64') })).toBe(false);
  expect(opens(sealed, 'application/y')).toBe(false);
  expect(opens(sealed, TYPE, [stranger.publicKey])).toBe(false);
  expect(opens(sealed, TYPE, [])).toBe(false);
  expect(opens({ ...sealed, signatures: [...sealed.signatures, ...sealed.signatures] })).toBe(false);
  expect(opens({ ...sealed, signatures: [] })).toBe(false);
});

test('base64 that Node would read generously is refused', () => {
  expect(opens({ ...sealed, payload: `${sealed.payload}!` })).toBe(false);
  expect(opens({ ...sealed, payload: sealed.payload.replace(/=+$/, '') })).toBe(false);
});
