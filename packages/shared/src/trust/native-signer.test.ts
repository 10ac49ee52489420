import fc from 'fast-check';
import { expect, test } from 'vitest';
import { signerFromSeed } from './ed25519.ts';
import { nativeSigner } from './native-signer.ts';

test('robots and the director sign byte for byte what tweetnacl would sign with their key', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), (seed, message) => {
      const [native, reference] = [nativeSigner(Buffer.from(seed)), signerFromSeed(seed)];
      expect({ keyid: native.keyid, publicKey: native.publicKey, signature: [...native.sign(message)] }).toEqual({
        keyid: reference.keyid,
        publicKey: reference.publicKey,
        signature: [...reference.sign(message)],
      });
    }),
    { numRuns: 20 },
  );
});

test('overwriting the seed takes nothing from its signer', () => {
  const seed = new Uint8Array(32).fill(7);
  const signer = nativeSigner(seed);
  const before = signer.sign(Buffer.from('duck'));
  seed.fill(0);
  expect(signer.sign(Buffer.from('duck'))).toEqual(before);
});
