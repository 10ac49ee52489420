/**
 * An offline key at rest (TRUST 4.3): scrypt -> HKDF-SHA256 -> nacl.secretbox. The whole public header goes
 * into the key derivation, so that a file whose role, public key or cost was edited opens for nobody.
 */
import { hkdfSync, scryptSync } from 'node:crypto';
import nacl from 'tweetnacl';
import { type Static, Type } from 'typebox';
import { accept, type Result, refuse } from '../failure.ts';
import { Sha256 } from '../ids.ts';
import { parse } from '../parse.ts';
import { canonicalBytes } from './canonical-json.ts';
import { generateKeyPair, type Signer, signerFromSeed } from './ed25519.ts';

const closed = { additionalProperties: false };
export const OFFLINE_ROLES = ['root', 'targets', 'production', 'staging', 'development'] as const;
export type OfflineRole = (typeof OFFLINE_ROLES)[number];

const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength: 120 });
export const SealedKey = Type.Object(
  {
    schema: Type.Literal('fairlead.key.v1'),
    role: Type.Enum([...OFFLINE_ROLES], { description: 'The one role that this key signs.' }),
    publicKey: Sha256,
    kdf: Type.Object(
      {
        name: Type.Literal('scrypt'),
        /** A weakened file would otherwise open quickly for a guesser, a monstrous one would take the memory. */
        N: Type.Enum([15, 16, 17, 18, 19, 20].map((bits) => 2 ** bits)),
        r: Type.Literal(8),
        p: Type.Literal(1),
        salt: Base64,
      },
      closed,
    ),
    nonce: Base64,
    box: Base64,
  },
  closed,
);
export type SealedKey = Static<typeof SealedKey>;
export interface KeyRefusal {
  readonly code: 'bad_key_file' | 'bad_passphrase';
  readonly detail: string;
}

/** Encrypts a seed. `N` is scrypt's cost: 2^17 (about 0.4 s and 128 MB); tests may go down to 2^15. */
export function sealKey(order: {
  readonly role: OfflineRole;
  readonly seed: Uint8Array;
  readonly passphrase: string;
  readonly N?: number;
}): SealedKey {
  const header = {
    schema: 'fairlead.key.v1' as const,
    role: order.role,
    publicKey: generateKeyPair(order.seed).publicKey as Sha256,
    kdf: {
      name: 'scrypt' as const,
      N: order.N ?? 2 ** 17,
      r: 8 as const,
      p: 1 as const,
      salt: toBase64(nacl.randomBytes(32)),
    },
    nonce: toBase64(nacl.randomBytes(nacl.secretbox.nonceLength)),
  };
  const key = deriveKey(header, order.passphrase);
  const box = nacl.secretbox(order.seed, fromBase64(header.nonce), key);
  key.fill(0);
  return { ...header, box: toBase64(box) };
}

/** Opens a key file for signing. A wrong passphrase and an edited file look the same, on purpose. */
export function openSealedKey(
  json: unknown,
  passphrase: string,
): Result<Signer & { readonly role: OfflineRole }, KeyRefusal> {
  const parsed = parse(SealedKey, json);
  if (!parsed.ok) {
    const detail = parsed.refused.map(({ at, message }) => `${at} ${message}`).join('; ');
    return refuse({ code: 'bad_key_file', detail: `this is not a usable key file: ${detail}` });
  }
  const { box, ...header } = parsed.value;
  const key = deriveKey(header, passphrase);
  const nonce = fromBase64(header.nonce);
  const seed = nonce.length === nacl.secretbox.nonceLength ? nacl.secretbox.open(fromBase64(box), nonce, key) : null;
  key.fill(0);
  if (seed?.length !== 32) {
    return refuse({ code: 'bad_passphrase', detail: 'the passphrase is wrong, or the key file was changed' });
  }
  const signer = signerFromSeed(seed);
  seed.fill(0);
  return accept({ ...signer, role: header.role });
}

function deriveKey(header: Omit<SealedKey, 'box'>, passphrase: string): Uint8Array {
  const { N, r, p, salt } = header.kdf;
  const stretched = scryptSync(passphrase.normalize('NFKC'), fromBase64(salt), 32, { N, r, p, maxmem: 256 * N * r });
  return new Uint8Array(
    hkdfSync('sha256', stretched, new Uint8Array(), canonicalBytes(header), nacl.secretbox.keyLength),
  );
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
