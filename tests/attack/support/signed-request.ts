/** A request as a robot sends it and as a server receives it. */
import { type SignedRequest, signRequest, verifyRequest } from '@fairlead/shared/trust/http-signature';
import { NOW, newSigner } from './fleet-repository.ts';
import { codeOf } from './robot.ts';

export const robotKey = newSigner();
export const BODY = Buffer.from('{"nonce":"…"}');
export const AUTHORITY = 'fleet.example:8443';

/** Rightly signed; the test then changes what arrives. */
export function received(changes: Partial<SignedRequest> = {}): SignedRequest {
  const url = new URL(`https://${AUTHORITY}/api/v1/robots/duck-1/check-in?wait=1`);
  const headers = signRequest({ method: 'POST', url, body: BODY }, robotKey, { created: NOW, nonce: 'a'.repeat(32) });
  return {
    method: 'POST',
    authority: AUTHORITY,
    path: '/api/v1/robots/duck-1/check-in',
    query: '?wait=1',
    headers,
    body: BODY,
    ...changes,
  };
}

export const judged = (request: SignedRequest, now = NOW) =>
  verifyRequest(request, {
    publicKeyOf: (keyid) => (keyid === robotKey.keyid ? robotKey.publicKey : undefined),
    now,
    authorities: [AUTHORITY],
  });
export const judgeCode = (request: SignedRequest, now = NOW): string => codeOf(judged(request, now));

/** The same request with one of its headers written otherwise. */
export function withHeader(name: string, change: (value: string) => string): SignedRequest {
  const request = received();
  return { ...request, headers: { ...request.headers, [name]: change(request.headers[name] ?? '') } };
}
