import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateKeyPair, signerFromSeed } from './ed25519.ts';
import { isAcceptablePublicKey, keyIdOf, openEdKey, verifyEd } from './verify-ed25519.ts';

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hex = (text: string) => Buffer.from(text, 'hex');

test('what a signer signs, its public key verifies, and no other message', () => {
  fc.assert(
    fc.property(seed, fc.uint8Array(), fc.uint8Array(), (secret, message, other) => {
      const signer = signerFromSeed(secret);
      expect(signer.publicKey).toBe(generateKeyPair(secret).publicKey);
      const signature = signer.sign(message);
      expect(verifyEd(signer.publicKey, message, signature)).toBe(true);
      if (!Buffer.from(message).equals(Buffer.from(other))) {
        expect(verifyEd(signer.publicKey, other, signature)).toBe(false);
      }
    }),
    { numRuns: 20 },
  );
});

test('a signature by OpenSSL verifies too', () => {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  expect(verifyEd(publicKey, hex('00ff'), sign(null, hex('00ff'), pair.privateKey))).toBe(true);
});

test('RFC 8032, test 2', () => {
  const publicKey = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
  const signature =
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';
  expect(verifyEd(publicKey, hex('72'), hex(signature))).toBe(true);
  expect(verifyEd(publicKey, hex('73'), hex(signature))).toBe(false);
});

test('with the identity as key one signature would fit every message: it is refused', () => {
  const identity = `01${'00'.repeat(31)}`;
  // R = identity, S = 0: valid under OpenSSL for any message at all.
  const universal = hex(`01${'00'.repeat(63)}`);
  expect(verifyEd(identity, hex('72'), universal)).toBe(false);
  expect(isAcceptablePublicKey(identity)).toBe(false);
});

test('keys that are not 64 lower-case hex digits of a canonical point are refused', () => {
  const good = generateKeyPair(new Uint8Array(32)).publicKey;
  expect(isAcceptablePublicKey(good)).toBe(true);
  const odd = [good.toUpperCase(), good.slice(1), `${good}00`, '', `${'ff'.repeat(31)}7f`];
  for (const key of odd) expect(isAcceptablePublicKey(key)).toBe(false);
});

test('signatures of another length are refused without a throw', () => {
  const signer = signerFromSeed(new Uint8Array(32));
  const signature = signer.sign(hex('72'));
  expect(verifyEd(signer.publicKey, hex('72'), signature.subarray(0, 63))).toBe(false);
  expect(verifyEd(signer.publicKey, hex('72'), new Uint8Array())).toBe(false);
});

test('another thread is as strict as this one: altered, malleable, short and long signatures are refused on both', async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 });
  const spoil = fc.constantFrom<(signature: Uint8Array) => Uint8Array>(
    (signature) => signature,
    (signature) => signature.map((byte, at) => (at === 5 ? byte ^ 1 : byte)),
    plusGroupOrder,
    (signature) => signature.subarray(0, 63),
    (signature) => Buffer.concat([signature, signature]),
  );
  await fc.assert(
    fc.asyncProperty(seed, bytes, spoil, async (secret, message, spoiled) => {
      const signer = signerFromSeed(secret);
      const key = openEdKey(signer.publicKey);
      const good = signer.sign(message);
      const arrived = spoiled(good);
      const holds = Buffer.from(good).equals(Buffer.from(arrived));
      expect([await key?.verifyAside(message, arrived), key?.verify(message, arrived)]).toEqual([holds, holds]);
    }),
    { numRuns: 40 },
  );
  expect(openEdKey(`01${'00'.repeat(31)}`)).toBeUndefined();
});

/** S + L: tweetnacl would take it for a second signature of the same message (attack 26). */
function plusGroupOrder(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const little = (part: Uint8Array) => Buffer.from(part).reverse().toString('hex');
  const sum = (BigInt(`0x${little(signature.subarray(32))}`) + order).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), hex(sum).reverse()]);
}

test('the key id is that of TUF: the digest of the canonical key', () => {
  const key = '{"keytype":"ed25519","keyval":{"public":"PUB"},"scheme":"ed25519"}'.replace('PUB', 'a'.repeat(64));
  expect(keyIdOf('a'.repeat(64))).toBe(sha256(key));
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
