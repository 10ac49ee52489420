/** The door for people: a session token from login, or an API token of a script. */
import { actorOfToken } from '@fairlead/shared/fleet/audit';
import { type Clock, MINUTE } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { isApiToken } from '../people/api-token.ts';
import { lowerRole } from '../people/lower-role.ts';
import type { Sessions } from '../people/sessions.ts';
import type { Store } from '../store/store.ts';
import type { Doors, IncomingRequest } from './authenticate.ts';
import type { PersonCaller } from './caller.ts';
import { problem } from './problem.ts';

export interface PersonDoorDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly sessions: Sessions;
}

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{1,4096})$/;

export function personDoor(deps: PersonDoorDeps): Doors['person'] {
  return async (request) => {
    const token = bearer(request);
    return isApiToken(token) ? byApiToken(deps, token) : bySession(deps, token);
  };
}

async function bySession({ store, sessions }: PersonDoorDeps, token: string): Promise<PersonCaller> {
  const session = sessions.read(token);
  const user = session && (await store.people.findById(session.userId));
  // A new password or role ends every session that began before it.
  if (!user || user.sessionGeneration !== session.generation) throw ended();
  if (await store.people.hasSessionEnded(session.id)) throw ended();
  const { id, name, role, mustChangePassword } = user;
  const credential = { id: session.id, expiresAt: session.expiresAt };
  return { kind: 'person', id, name, role, via: 'session', credential, actor: name, mustChangePassword };
}

async function byApiToken({ store, clock }: PersonDoorDeps, secret: string): Promise<PersonCaller> {
  const now = clock.now();
  const token = await store.people.findToken(sha256Hex(secret));
  const user = token && (await store.people.findById(token.userId));
  if (!user || (token.expiresAt !== undefined && token.expiresAt <= now)) throw ended();
  // Once a minute is enough for "last used", and keeps reading requests from writing.
  if (now - (token.lastUsedAt ?? 0) > MINUTE) await store.people.markTokenUsed(token.id, now);
  return {
    kind: 'person',
    id: user.id,
    name: user.name,
    role: lowerRole(token.role, user.role),
    via: 'api-token',
    credential: { id: token.id, ...(token.expiresAt !== undefined && { expiresAt: token.expiresAt }) },
    actor: actorOfToken(user.name, token),
    // Made by a person whose password was in order.
    mustChangePassword: false,
  };
}

function bearer({ headers }: IncomingRequest): string {
  const token = BEARER.exec(headers['authorization']?.toString() ?? '')?.[1];
  if (token !== undefined) return token;
  throw problem('unauthenticated', 'The request does not say who asks.', {
    hint: 'Send "authorization: Bearer …" with the token of POST /api/v1/login or an API token.',
  });
}

const ended = () =>
  problem('unauthenticated', 'This token is not valid, or no longer.', {
    hint: 'Log in again (fairlead login), or create a new API token.',
  });
