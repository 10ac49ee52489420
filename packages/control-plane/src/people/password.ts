/**
 * Passwords are kept as scrypt hashes with their cost beside them, so that the cost can rise later. Each call takes about
 * a tenth of a second of its thread: the server calls them through PasswordHasher only.
 */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

export interface PasswordCost {
  /** log2 of scrypt's N. */
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}
/** OWASP's equivalent of N=2^17, p=1 in a quarter of its memory: 32 MiB, three times over. */
export const PASSWORD_COST: PasswordCost = { log2N: 15, r: 8, p: 3 };
const KEY_BYTES = 32;
const FORMAT = /^scrypt\$([0-9]{1,2})\$([0-9]{1,2})\$([0-9]{1,2})\$([A-Za-z0-9_-]+)\$([A-Za-z0-9_-]+)$/;

export function hashPassword(password: string, cost: PasswordCost = PASSWORD_COST): string {
  const salt = randomBytes(16);
  return formatHash(cost, salt, derive(password, salt, cost));
}

/** A hash that no password fits, and that takes as long to compare as any other. */
export const unmatchableHash = (cost: PasswordCost = PASSWORD_COST): string =>
  formatHash(cost, randomBytes(16), randomBytes(KEY_BYTES));

const formatHash = ({ log2N, r, p }: PasswordCost, salt: Buffer, key: Buffer): string =>
  `scrypt$${log2N}$${r}$${p}$${salt.toString('base64url')}$${key.toString('base64url')}`;

/** Constant in time for a given cost. False for a hash that is not one of ours. */
export function isPassword(password: string, hash: string): boolean {
  const [, log2N, r, p, salt, key] = FORMAT.exec(hash) ?? [];
  if (salt === undefined || key === undefined) return false;
  const cost = { log2N: Number(log2N), r: Number(r), p: Number(p) };
  const given = derive(password, Buffer.from(salt, 'base64url'), cost);
  const kept = Buffer.from(key, 'base64url');
  return given.length === kept.length && timingSafeEqual(given, kept);
}

/** Unicode has several spellings of one é: the keyboard must not decide whether a password fits. */
const derive = (password: string, salt: Buffer, { log2N, r, p }: PasswordCost): Buffer =>
  scryptSync(password.normalize('NFKC'), salt, KEY_BYTES, { N: 2 ** log2N, r, p, maxmem: 256 * 2 ** log2N * r });
