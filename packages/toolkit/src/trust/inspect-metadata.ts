/**
 * What tuf-js would let through (TRUST 2, findings 6, 8, 11; attacks 18, 19, 25-27, 29): looked at after strict
 * JSON and before tuf-js sees a byte. Unknown members are fine, so that tomorrow's metadata can grow.
 */
import { ENVIRONMENTS } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { asTargetName } from '@fairlead/shared/trust/names';
import { isAcceptablePublicKey, isCanonicalSignature, keyIdOf } from '@fairlead/shared/trust/verify-ed25519';
import { type Static, Type } from 'typebox';
import type { TrustCode, TrustRefusal } from './trust-store.ts';

const AnyKey = Type.Object({
  keytype: Type.String(),
  scheme: Type.String(),
  keyval: Type.Object({ public: Type.String() }),
});
const Keys = Type.Record(Type.String(), AnyKey);
const Delegations = Type.Object({
  keys: Keys,
  roles: Type.Optional(Type.Array(Type.Object({ name: Type.String(), paths: Type.Array(Type.String()) }))),
});
const Document = Type.Object({
  signatures: Type.Array(Type.Object({ keyid: Type.String(), sig: Type.String() })),
  signed: Type.Object({
    _type: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    keys: Type.Optional(Keys),
    delegations: Type.Optional(Delegations),
    targets: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
});

/** Undefined where a parsed document may go on to tuf-js. */
export function inspectMetadata(document: unknown): TrustRefusal | undefined {
  const parsed = parse(Document, document);
  if (!parsed.ok) {
    const [mistake] = parsed.refused;
    return no('bad_json', `it is not TUF metadata: ${mistake?.at} ${mistake?.message}`);
  }
  const { signatures, signed } = parsed.value;
  return (
    inspectSignatures(signatures) ??
    inspectKeys(signed.keys ?? {}) ??
    inspectKeys(signed.delegations?.keys ?? {}) ??
    (signed.delegations && inspectDelegations(signed.delegations)) ??
    inspectNames(Object.keys(signed.targets ?? {}))
  );
}

function inspectSignatures(signatures: Static<typeof Document>['signatures']): TrustRefusal | undefined {
  if (new Set(signatures.map(({ keyid }) => keyid)).size !== signatures.length) {
    return no('dup_sig', 'one key id signs twice');
  }
  const odd = signatures.find(
    ({ sig }) => !/^[0-9a-f]{128}$/.test(sig) || !isCanonicalSignature(Buffer.from(sig, 'hex')),
  );
  return odd && no('bad_signature', `the signature of key ${odd.keyid} is not a canonical Ed25519 signature`);
}

function inspectKeys(keys: Static<typeof Keys>): TrustRefusal | undefined {
  const seen = new Set<string>();
  for (const [keyid, { keytype, scheme, keyval }] of Object.entries(keys)) {
    if (keytype !== 'ed25519' || scheme !== 'ed25519')
      return no('key_type', `key ${keyid} is of type ${keytype}/${scheme}`);
    if (!isAcceptablePublicKey(keyval.public)) return no('bad_key', `key ${keyid} is no usable Ed25519 point`);
    // One key under two ids would meet a threshold of two alone.
    if (seen.has(keyval.public)) return no('key_alias', `the key of ${keyid} stands under two ids`);
    if (keyIdOf(keyval.public) !== keyid) return no('keyid', `key ${keyid} is not what its id says`);
    seen.add(keyval.public);
  }
  return undefined;
}

function inspectDelegations({ roles }: Static<typeof Delegations>): TrustRefusal | undefined {
  // Without a list of roles these would be succinct (hashed) delegations, which Fairlead does not use.
  if (!roles) return no('name', 'it delegates without naming roles');
  for (const { name, paths } of roles) {
    if (!ENVIRONMENTS.some((environment) => environment === name))
      return no('name', `it delegates to "${name.slice(0, 60)}"`);
    // tuf-js matches with minimatch: braces, negation and ** mean more there than in the specification.
    const odd = paths.find((path) => !/^[a-z0-9/._*-]+$/.test(path) || path.includes('**'));
    if (odd !== undefined) return no('name', `the path pattern ${JSON.stringify(odd.slice(0, 60))} is not a plain one`);
  }
  return undefined;
}

function inspectNames(names: readonly string[]): TrustRefusal | undefined {
  const odd = names.find((name) => asTargetName(name) === undefined);
  return odd === undefined ? undefined : no('name', `it lists ${JSON.stringify(odd.slice(0, 60))}`);
}

const no = (code: TrustCode, detail: string): TrustRefusal => ({ code, detail, retryable: true });
