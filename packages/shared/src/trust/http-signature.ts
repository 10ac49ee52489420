/**
 * RFC 9421 request signatures in one fixed profile (TRUST 4.10): one label `sig`, exactly these components,
 * one tag. A verifier that lets the signer choose what is covered is the classic way to get this wrong
 * (attack 66), so nothing can be chosen.
 */
import { createHash } from 'node:crypto';
import { accept, type Result, refuse } from '../failure.ts';
import { type Instant, MINUTE, SECOND } from '../time.ts';
import type { Signer } from './ed25519.ts';
import { type EdKey, verifyEd } from './verify-ed25519.ts';

export const SIGNATURE_TAG = 'fairlead-robot-v1';
/** How far the signer's clock may be from the verifier's, either way. */
export const SIGNATURE_WINDOW_MS = 5 * MINUTE;

export interface RequestToSign {
  readonly method: string;
  readonly url: URL;
  readonly body?: Uint8Array;
}
/** All that the signature covers. */
export interface SignedHeaders {
  readonly method: string;
  /** As the client named it in `Host`; compared with the configured names, never trusted. */
  readonly authority: string;
  /** Raw, as it stood on the request line, without the query. */
  readonly path: string;
  /** Raw, with or without its leading `?`; '' where there is none. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}
export interface SignedRequest extends SignedHeaders {
  readonly body: Uint8Array;
}
export interface VerifiedSignature {
  readonly keyid: string;
  /** Unique per request and key: the caller remembers it for ten minutes and refuses it twice. */
  readonly nonce: string;
  readonly created: Instant;
}
export interface SignatureRefusal {
  readonly code: 'bad_signature' | 'clock_skew';
  readonly detail: string;
}

const COVERED = '("@method" "@authority" "@path" "@query" "content-digest")';
const SIGNATURE = /^sig=:([A-Za-z0-9+/]{86}==):$/;
const PARAMETER = /;([a-z]+)=(?:"([A-Za-z0-9._:/+=-]{1,128})"|([0-9]{1,12}))/y;
const CONTENT_DIGEST = /^sha-256=:[A-Za-z0-9+/]{43}=:$/;
const PARAMETERS = ['alg', 'created', 'keyid', 'nonce', 'tag'];

/** The three headers that a robot adds to its request. `nonce`: 16 random bytes or more, as hex or base64url. */
export function signRequest(
  request: RequestToSign,
  signer: Signer,
  { created, nonce }: { readonly created: Instant; readonly nonce: string },
): Record<'content-digest' | 'signature-input' | 'signature', string> {
  const contentDigest = digestOf(request.body ?? new Uint8Array());
  const params = `${COVERED};created=${Math.floor(created / SECOND)};nonce="${nonce}";keyid="${signer.keyid}";tag="${SIGNATURE_TAG}"`;
  const base = signatureBase(
    {
      method: request.method,
      authority: request.url.host,
      path: request.url.pathname,
      query: request.url.search,
      contentDigest,
    },
    params,
  );
  const signature = Buffer.from(signer.sign(base)).toString('base64');
  return { 'content-digest': contentDigest, 'signature-input': `sig=${params}`, signature: `sig=:${signature}:` };
}

/** Who signed exactly this request, if its key is known and its time is close to `now`. */
export function verifyRequest(
  request: SignedRequest,
  trust: Listener & { readonly publicKeyOf: (keyid: string) => string | undefined },
): Result<VerifiedSignature, SignatureRefusal> {
  const claim = readClaim(request, trust);
  if (!claim.ok) return claim;
  const publicKey = trust.publicKeyOf(claim.value.signer.keyid);
  if (publicKey === undefined) return unknownKey();
  const judged = judge(claim.value, verifyEd(publicKey, claim.value.base, claim.value.signature), trust);
  if (judged.ok && !isSignedBody(request.body, request.headers['content-digest'])) return wrongBody();
  return judged;
}

/**
 * The same for one key that is known already, with the arithmetic on another thread, and before the body is read: the
 * signature covers the digest that the headers name. Whoever reads the body compares it: isSignedBody.
 */
export async function verifyRequestAside(
  request: SignedHeaders,
  trust: Listener & { readonly keyid: string; readonly key: EdKey },
): Promise<Result<VerifiedSignature, SignatureRefusal>> {
  const claim = readClaim(request, trust);
  if (!claim.ok) return claim;
  if (claim.value.signer.keyid !== trust.keyid) return unknownKey();
  return judge(claim.value, await trust.key.verifyAside(claim.value.base, claim.value.signature), trust);
}

/** Who is asked, and when. */
interface Listener {
  readonly now: Instant;
  /** Names (with port, where not the default one) under which this server is reached. */
  readonly authorities: readonly string[];
}
/** What a request says of its signer, and what that signature would have to cover. */
interface Claim {
  readonly signer: VerifiedSignature;
  readonly base: Uint8Array;
  readonly signature: Uint8Array;
}

function readClaim(request: SignedHeaders, { authorities }: Listener): Result<Claim, SignatureRefusal> {
  const signature = SIGNATURE.exec(request.headers['signature'] ?? '')?.[1];
  const input = request.headers['signature-input'] ?? '';
  const signer = input.startsWith(`sig=${COVERED};`) ? readParameters(input.slice(4 + COVERED.length)) : undefined;
  if (!signature || !signer) return bad('the request does not carry exactly one signature of the profile');
  const authority = request.authority.toLowerCase();
  if (!authorities.includes(authority)) return bad(`this server is not called ${authority.slice(0, 100)}`);

  const contentDigest = request.headers['content-digest'];
  if (contentDigest === undefined || !CONTENT_DIGEST.test(contentDigest)) return bad('the body has no SHA-256 digest');
  const base = signatureBase({ ...request, authority, contentDigest }, input.slice(4));
  return accept({ signer, base, signature: Buffer.from(signature, 'base64') });
}

function judge({ signer }: Claim, holds: boolean, { now }: Listener): Result<VerifiedSignature, SignatureRefusal> {
  if (!holds) return bad('the signature does not hold');
  // Last, so that only the key's holder learns that its clock is off.
  const skew = signer.created - now;
  if (Math.abs(skew) > SIGNATURE_WINDOW_MS) {
    return refuse({
      code: 'clock_skew',
      detail: `the request is ${Math.round(skew / SECOND)} s away from server time`,
    });
  }
  return accept(signer);
}

function readParameters(text: string): VerifiedSignature | undefined {
  const found = new Map<string, string>();
  PARAMETER.lastIndex = 0;
  let end = 0;
  for (let match = PARAMETER.exec(text); match; match = PARAMETER.exec(text)) {
    const [, name = '', quoted, bare] = match;
    // `created` is an integer and all others are strings; each at most once, none unknown.
    if (!PARAMETERS.includes(name) || found.has(name) || (name === 'created') !== (bare !== undefined))
      return undefined;
    found.set(name, quoted ?? bare ?? '');
    end = PARAMETER.lastIndex;
  }
  const [created, keyid, nonce] = [found.get('created'), found.get('keyid'), found.get('nonce')];
  if (end !== text.length || found.get('tag') !== SIGNATURE_TAG) return undefined;
  if ((found.get('alg') ?? 'ed25519') !== 'ed25519') return undefined;
  if (!created || !keyid || !nonce || nonce.length < 16) return undefined;
  return { keyid, nonce, created: Number(created) * SECOND };
}

interface Components {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly contentDigest: string;
}

/** RFC 9421 2.5. An absent query is a lone `?` (2.2.7), an absent path is `/` (2.2.6). */
function signatureBase(parts: Components, params: string): Uint8Array {
  const query = parts.query.startsWith('?') ? parts.query : `?${parts.query}`;
  const lines = [
    `"@method": ${parts.method.toUpperCase()}`,
    `"@authority": ${parts.authority}`,
    `"@path": ${parts.path || '/'}`,
    `"@query": ${query}`,
    `"content-digest": ${parts.contentDigest}`,
    `"@signature-params": ${params}`,
  ];
  return Buffer.from(lines.join('\n'));
}

/** Whether these bytes, which may be none, have the digest of the header that was signed. */
export const isSignedBody = (body: Uint8Array, contentDigest: string | undefined): boolean =>
  contentDigest === digestOf(body);

/** RFC 9530, SHA-256 only; the empty body has a digest too. */
const digestOf = (body: Uint8Array): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

const bad = (detail: string) => refuse<SignatureRefusal>({ code: 'bad_signature', detail });
const wrongBody = () => bad('the body is not the one that was signed');
const unknownKey = () => bad('the key is not known');
