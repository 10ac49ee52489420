/** Sessions of people: a JWT that names the user by its id, and the generation of its password and role. */
import { randomBytes } from 'node:crypto';
import { parse } from '@fairlead/shared/parse';
import { type Clock, HOUR, type Instant, SECOND } from '@fairlead/shared/time';
import type { JWT } from '@fastify/jwt';
import { Type } from 'typebox';
import type { User } from '../store/people.ts';

export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly generation: number;
  readonly expiresAt: Instant;
}
export interface Sessions {
  issue(user: User): { readonly token: string; readonly expiresAt: Instant };
  /** Undefined for whatever is not an unexpired token of ours. Whether it was logged out, the store knows. */
  read(token: string): Session | undefined;
}

/** One algorithm, named by us and never by the token (attack 69). */
export const SESSION_ALGORITHM = 'HS256';
const ISSUER = 'fairlead-control-plane';
const SESSION_MS = 12 * HOUR;

const Claims = Type.Object({ sub: Type.String(), jti: Type.String(), gen: Type.Integer(), exp: Type.Integer() });

export function jwtSessions(jwt: Pick<JWT, 'sign' | 'verify'>, clock: Clock): Sessions {
  return {
    issue(user) {
      const issuedAt = Math.floor(clock.now() / SECOND);
      const exp = issuedAt + SESSION_MS / SECOND;
      const jti = randomBytes(16).toString('hex');
      const claims = { sub: user.id, jti, gen: user.sessionGeneration, iss: ISSUER, iat: issuedAt, exp };
      return { token: jwt.sign(claims, { algorithm: SESSION_ALGORITHM }), expiresAt: exp * SECOND };
    },
    read(token) {
      try {
        const pinned = { algorithms: [SESSION_ALGORITHM] as [typeof SESSION_ALGORITHM], allowedIss: ISSUER };
        const claims = parse(Claims, jwt.verify(token, { ...pinned, clockTimestamp: clock.now() }));
        if (!claims.ok) return undefined;
        const { sub, jti, gen, exp } = claims.value;
        return { id: jti, userId: sub, generation: gen, expiresAt: exp * SECOND };
      } catch {
        return undefined;
      }
    },
  };
}
