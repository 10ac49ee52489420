/** Signed text -> typed metadata, and the question whether enough of the right keys signed it. */
import type { Static, TSchema } from 'typebox';
import { accept, type Refusal, type Result, refuse } from '../failure.ts';
import { parse } from '../parse.ts';
import { fromTimestamp, type Instant } from '../time.ts';
import { signingBytes } from './canonical-json.ts';
import type { KeyTable, RoleKeys } from './metadata.ts';
import { refusePublish } from './refuse-publish.ts';
import { parseStrictJson } from './strict-json.ts';
import { isAcceptablePublicKey, keyIdOf, verifyEd } from './verify-ed25519.ts';

interface Signed {
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
  readonly signed: unknown;
}

/** Strict JSON of at most `maxBytes`, of exactly the shape that Fairlead writes. */
export function readMetadata<S extends TSchema>(
  schema: S,
  text: string,
  { name, maxBytes }: { readonly name: string; readonly maxBytes: number },
): Result<Static<S>> {
  const length = Buffer.byteLength(text);
  if (length > maxBytes) {
    return refuse(
      refusePublish(name, 'too_long', `It has ${length} bytes; at most ${maxBytes} are read.`, 'Prune old releases.'),
    );
  }
  const json = parseStrictJson(text);
  if (!json.ok) return refuse(refusePublish(name, 'bad_json', `It is not strict JSON: ${json.refused.detail}.`));
  const parsed = parse(schema, json.value);
  if (parsed.ok) return accept(parsed.value);
  const wrong = parsed.refused.map(({ at, message }) => `${at} ${message}`).join('; ');
  return refuse(refusePublish(name, 'bad_json', `It is not metadata as Fairlead writes it: ${wrong}.`));
}

/** Undefined where at least `role.threshold` distinct keys of the role signed exactly this content. */
export function checkSignatures(name: string, metadata: Signed, role: RoleKeys, keys: KeyTable): Refusal | undefined {
  const keyids = metadata.signatures.map(({ keyid }) => keyid);
  if (new Set(keyids).size !== keyids.length) {
    return refusePublish(name, 'dup_sig', 'One key signed twice, which counts for nothing.');
  }
  const bytes = canonical(metadata.signed);
  if (!bytes) return refusePublish(name, 'bad_json', 'It has no canonical form: member names must be printable ASCII.');
  const valid = metadata.signatures.filter(({ keyid, sig }) => {
    const key = role.keyids.some((named) => named === keyid) ? keys[keyid] : undefined;
    return key !== undefined && verifyEd(key.keyval.public, bytes, Buffer.from(sig, 'hex'));
  });
  if (valid.length >= role.threshold) return undefined;
  return refusePublish(
    name,
    'threshold',
    `${valid.length} of the role's keys signed it, ${role.threshold} must.`,
    'Sign with a key that the role names today.',
  );
}

/** Undefined where every key is what its id says (spec 4.2), so that no key can stand twice under two ids (attack 18). */
export function checkKeyTable(name: string, keys: KeyTable): Refusal | undefined {
  for (const [keyid, key] of Object.entries(keys)) {
    const hex = key.keyval.public;
    if (keyIdOf(hex) !== keyid) return refusePublish(name, 'keyid', `Key ${keyid} is not what its id says.`);
    if (!isAcceptablePublicKey(hex)) return refusePublish(name, 'bad_key', `Key ${keyid} is of small order.`);
  }
  return undefined;
}

/** Undefined where a role can be met at all: its keys exist and are at least as many as its threshold. */
export function checkRoleKeys(name: string, role: RoleKeys, keys: KeyTable): Refusal | undefined {
  const known = role.keyids.filter((keyid) => Object.hasOwn(keys, keyid)).length;
  if (known === role.keyids.length && known >= role.threshold) return undefined;
  return refusePublish(
    name,
    'threshold',
    `Its threshold is ${role.threshold}, with ${known} of ${role.keyids.length} named keys present.`,
  );
}

/** Undefined where the expiry is in the future and not further than the role's lifetime (and a day of slack). */
export function checkExpiry(name: string, expires: string, now: Instant, lifetimeMs: number): Refusal | undefined {
  const left = fromTimestamp(expires) - now;
  if (left > 0 && left <= lifetimeMs + 86_400_000) return undefined;
  return refusePublish(
    name,
    'expiry',
    `It expires at ${expires}; a date from now to ${Math.round(lifetimeMs / 86_400_000)} days ahead was expected.`,
    "Check the signing machine's clock.",
  );
}

function canonical(signed: unknown): Uint8Array | undefined {
  try {
    return signingBytes(signed);
  } catch {
    return undefined;
  }
}
