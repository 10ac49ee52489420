/** Sessions of people: a JWT that names the user and the generation of its password and role. */
import { parse } from '@fairlead/shared/parse';
import { type Clock, HOUR, type Instant, SECOND } from '@fairlead/shared/time';
import type { JWT } from '@fastify/jwt';
import { Type } from 'typebox';
import type { User } from '../store/people.ts';

export interface Sessions {
  issue(user: User): { readonly token: string; readonly expiresAt: Instant };
  /** Undefined for whatever is not an unexpired token of ours. */
  read(token: string): { readonly name: string; readonly generation: number } | undefined;
}

/** One algorithm, named by us and never by the token (attack 69). */
export const SESSION_ALGORITHM = 'HS256';
const ISSUER = 'fairlead-control-plane';
const SESSION_MS = 12 * HOUR;

const Claims = Type.Object({ sub: Type.String(), gen: Type.Integer(), exp: Type.Integer() });

export function jwtSessions(jwt: Pick<JWT, 'sign' | 'verify'>, clock: Clock): Sessions {
  return {
    issue(user) {
      const issuedAt = Math.floor(clock.now() / SECOND);
      const exp = issuedAt + SESSION_MS / SECOND;
      const claims = { sub: user.name, gen: user.sessionGeneration, iss: ISSUER, iat: issuedAt, exp };
      return { token: jwt.sign(claims, { algorithm: SESSION_ALGORITHM }), expiresAt: exp * SECOND };
    },
    read(token) {
      try {
        const pinned = { algorithms: [SESSION_ALGORITHM] as [typeof SESSION_ALGORITHM], allowedIss: ISSUER };
        const claims = parse(Claims, jwt.verify(token, { ...pinned, clockTimestamp: clock.now() }));
        return claims.ok ? { name: claims.value.sub, generation: claims.value.gen } : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
