/**
 * One value, one byte string: sorted keys, no spaces, integers only (OLPC canonical JSON, as TUF signs it).
 * Keys sort by UTF-16 unit where other readers sort by code point, so keys outside ASCII are refused: the
 * two orders differ beyond the BMP and a signature would hold for one reader only (attack 34).
 */
import { canonicalize } from '@tufjs/canonical-json';

const CONTROL = /[\u0000-\u001f]/g;

/**
 * Exactly the bytes that a TUF signature covers. OLPC leaves control characters raw inside strings, so
 * this need not be parseable JSON. Throws a TypeError on what has no canonical form.
 */
export function signingBytes(value: unknown): Uint8Array {
  assertCanonical(value);
  return new TextEncoder().encode(canonicalize(value));
}

/** Canonical text that is always JSON: the same as OLPC, but control characters are written as \u00XX. */
export function canonicalJson(value: unknown): string {
  assertCanonical(value);
  // A raw control character can only stand inside a string: the syntax around strings has none.
  return canonicalize(value).replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export const canonicalBytes = (value: unknown): Uint8Array => new TextEncoder().encode(canonicalJson(value));

function assertCanonical(value: unknown): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') return assertText(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new TypeError(`${value} has no canonical form`);
    return;
  }
  if (Array.isArray(value)) return value.forEach(assertCanonical);
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} has no canonical form`);
  for (const [key, member] of Object.entries(value)) {
    if (!/^[\x20-\x7e]*$/.test(key)) throw new TypeError(`the key ${JSON.stringify(key)} is not printable ASCII`);
    assertCanonical(member);
  }
}

function assertText(text: string): void {
  // Every lone surrogate encodes to U+FFFD: two different strings would share one signature.
  if (!text.isWellFormed()) throw new TypeError('a string with a lone surrogate has no canonical form');
}
