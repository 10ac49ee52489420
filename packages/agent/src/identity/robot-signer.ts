/**
 * Signs as the robot: byte for byte what tweetnacl would sign (RFC 8032 leaves no choice), by OpenSSL. Every check-in
 * carries a signature, and compiling tweetnacl's arithmetic for it costs an idle agent 5 MB and a third of its CPU
 * time (docs/performance.md).
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { keyIdOf } from '@fairlead/shared/trust/verify-ed25519';

/** DER of PrivateKeyInfo for Ed25519 (RFC 8410), up to the seed itself. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_BYTES = 32;

export function robotSigner(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = spki.subarray(-KEY_BYTES).toString('hex');
  return { keyid: keyIdOf(publicKey), publicKey, sign: (bytes) => sign(null, bytes, key) };
}
