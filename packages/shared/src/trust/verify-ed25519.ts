/**
 * Ed25519, strictly: an `EdKey` is the one way to verify (`verifyEd` opens it for once). Alone, tweetnacl accepts S+L (a second valid signature for
 * the same message) and both it and OpenSSL accept small-order public keys, under which one fixed signature passes
 * for nearly any message (TRUST 2; attacks 26, 27).
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Sha256 } from '../ids.ts';
import { canonicalJson } from './canonical-json.ts';
import { sha256Hex } from './digest.ts';

/** A public key as TUF metadata writes it. */
export interface TufKey {
  readonly keytype: 'ed25519';
  readonly scheme: 'ed25519';
  readonly keyval: { readonly public: string };
}

const FIELD = 2n ** 255n - 19n;
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const SIGN_BIT = 1n << 255n;
/** y-coordinates of the eight points whose order divides 8; x only differs in the sign bit. */
const SMALL_ORDER_Y = new Set([
  0n,
  1n,
  FIELD - 1n,
  littleEndian('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
  littleEndian('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
]);
/** DER of SubjectPublicKeyInfo for Ed25519 (RFC 8410), up to the key itself. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A public key, judged and read once: for whoever verifies with it again and again. */
export interface EdKey {
  /** False for anything but one 64-byte signature by exactly this key; never throws. */
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
  /** The same on another thread, while this one serves others. */
  verifyAside(bytes: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

/** Undefined for a key under which nothing may ever be verified. */
export function openEdKey(publicKeyHex: string): EdKey | undefined {
  const key = readKey(publicKeyHex);
  return (
    key && {
      verify(bytes, signature) {
        try {
          return isCanonicalSignature(signature) && verify(null, bytes, key, signature);
        } catch {
          return false;
        }
      },
      async verifyAside(bytes, signature) {
        if (!isCanonicalSignature(signature)) return false;
        return new Promise((resolve) => {
          verify(null, bytes, key, signature, (error, holds) => resolve(error === null && holds));
        });
      },
    }
  );
}

/** False for anything but one 64-byte signature by exactly this key; never throws. */
export const verifyEd = (publicKeyHex: string, bytes: Uint8Array, signature: Uint8Array): boolean =>
  openEdKey(publicKeyHex)?.verify(bytes, signature) ?? false;

/** 64 bytes with S below the group order: the only form in which each message has one signature per key and R. */
export function isCanonicalSignature(signature: Uint8Array): boolean {
  return signature.length === 64 && littleEndian(Buffer.from(signature.subarray(32)).toString('hex')) < GROUP_ORDER;
}

/** 64 lower-case hex digits, canonically encoded, and none of the 14 encodings of a small-order point. */
export function isAcceptablePublicKey(hex: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(hex)) return false;
  const y = littleEndian(hex) % SIGN_BIT;
  return y < FIELD && !SMALL_ORDER_Y.has(y);
}

function readKey(publicKeyHex: string): KeyObject | undefined {
  if (!isAcceptablePublicKey(publicKeyHex)) return undefined;
  const der = Buffer.concat([SPKI_PREFIX, Buffer.from(publicKeyHex, 'hex')]);
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

export const tufKey = (publicKeyHex: string): TufKey => ({
  keytype: 'ed25519',
  scheme: 'ed25519',
  keyval: { public: publicKeyHex },
});

/** The TUF key id (spec 4.2): SHA-256 of the key's canonical JSON. */
export const keyIdOf = (publicKeyHex: string): Sha256 => sha256Hex(canonicalJson(tufKey(publicKeyHex)));

function littleEndian(hex: string): bigint {
  return BigInt(`0x${Buffer.from(hex, 'hex').reverse().toString('hex')}`);
}
