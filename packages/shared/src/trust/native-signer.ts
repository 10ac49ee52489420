/**
 * Signs by OpenSSL: byte for byte what tweetnacl would sign (RFC 8032 leaves no choice). Every check-in and every answer
 * to one carries a signature. In JavaScript it is a hundred times as slow on a server, and compiling the arithmetic costs
 * an idle agent 5 MB and a third of its CPU time (docs/performance.md).
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Signer } from './ed25519.ts';
import { keyIdOf } from './verify-ed25519.ts';

/** DER of PrivateKeyInfo for Ed25519 (RFC 8410), up to the seed itself. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_BYTES = 32;

/** Keeps the key inside OpenSSL for as long as the signer lives; `seed` may be overwritten afterwards. */
export function nativeSigner(seed: Uint8Array): Signer {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = spki.subarray(-KEY_BYTES).toString('hex');
  return { keyid: keyIdOf(publicKey), publicKey, sign: (bytes) => sign(null, bytes, key) };
}
