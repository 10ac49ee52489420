/** Ed25519 key pairs and signatures by tweetnacl. What is signed is verified by verify-ed25519.ts, never here. */
import nacl from 'tweetnacl';
import type { Sha256 } from '../ids.ts';
import { keyIdOf } from './verify-ed25519.ts';

export interface KeyPair {
  /** 64 lower-case hex digits. */
  readonly publicKey: string;
  /** The 32 secret bytes. Whoever holds the pair overwrites them after use. */
  readonly seed: Uint8Array;
}
export interface Signer {
  readonly keyid: Sha256;
  readonly publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** A new key pair, from 32 random bytes unless a seed is given. */
export function generateKeyPair(seed: Uint8Array = nacl.randomBytes(32)): KeyPair {
  return { publicKey: Buffer.from(nacl.sign.keyPair.fromSeed(seed).publicKey).toString('hex'), seed };
}

/** Keeps the expanded key in memory for as long as the signer lives. */
export function signerFromSeed(seed: Uint8Array): Signer {
  const pair = nacl.sign.keyPair.fromSeed(seed);
  const publicKey = Buffer.from(pair.publicKey).toString('hex');
  return { keyid: keyIdOf(publicKey), publicKey, sign: (bytes) => nacl.sign.detached(bytes, pair.secretKey) };
}
