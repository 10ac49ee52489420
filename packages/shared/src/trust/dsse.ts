/**
 * DSSE v1 with one Ed25519 signature. The signature covers the payload's type and its exact bytes (PAE), so
 * nothing is canonicalised and a report can never be read as an assignment (attack 43).
 */
import { accept, type Result, refuse } from '../failure.ts';
import type { Envelope } from './assignment.ts';
import type { Signer } from './ed25519.ts';
import { keyIdOf, verifyEd } from './verify-ed25519.ts';

export interface BadSignature {
  readonly code: 'bad_signature';
  readonly detail: string;
}

/** Signs bytes as a document of `payloadType`. */
export function sealEnvelope(payloadType: string, payload: Uint8Array, signer: Signer): Envelope {
  const signature = signer.sign(preAuthEncoding(payloadType, payload));
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: signer.keyid, sig: Buffer.from(signature).toString('base64') }],
  };
}

/** The signed bytes, if the envelope is of this type and one of `keys` (public, hex) signed it. */
export function openEnvelope(
  payloadType: string,
  envelope: Envelope,
  keys: readonly string[],
): Result<Uint8Array, BadSignature> {
  if (envelope.payloadType !== payloadType) {
    return bad(`the envelope says it holds ${envelope.payloadType}, not ${payloadType}`);
  }
  const [signature, ...others] = envelope.signatures;
  if (!signature || others.length > 0) return bad('the envelope does not hold exactly one signature');
  const key = keys.find((candidate) => keyIdOf(candidate) === signature.keyid);
  if (key === undefined)
    return bad(`the signing key ${signature.keyid.slice(0, 12)} is not one of ${keys.length} known`);
  const payload = fromBase64(envelope.payload);
  const sig = fromBase64(signature.sig);
  if (!payload || !sig) return bad('the envelope is not canonical base64');
  if (!verifyEd(key, preAuthEncoding(payloadType, payload), sig)) return bad('the signature does not hold');
  return accept(payload);
}

/** DSSE v1 pre-authentication encoding: what is really signed. */
function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

/** Node skips what is not base64; a text with two readings is refused instead. */
function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

const bad = (detail: string) => refuse<BadSignature>({ code: 'bad_signature', detail });
