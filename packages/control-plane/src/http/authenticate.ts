/**
 * The one place that decides who may call a route. Each kind of access is one door; a route without a door
 * does not compile.
 */
import { type Access, ROLES, type Role } from '@fairlead/shared/api/route';
import type { Caller, PersonCaller } from './caller.ts';
import { problem } from './problem.ts';

export interface IncomingRequest {
  readonly method: string;
  /** Raw, as on the request line. */
  readonly path: string;
  /** Raw, without its '?'. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: Uint8Array;
  /** Parsed but not validated. */
  readonly body: unknown;
  readonly params: unknown;
}
/** Answers who calls; rejects with a problem where nobody with that access does. */
export type Authenticate = (access: Access, request: IncomingRequest) => Promise<Caller>;
type Door<C extends Caller = Caller> = (request: IncomingRequest) => Promise<C>;

export interface Doors {
  /** A robot of the fleet that signed this very request; `waiting` lets pending and rejected ones in. */
  readonly robot: (request: IncomingRequest, options: { waiting: boolean }) => Promise<Caller>;
  readonly enrollingRobot: Door;
  /** A person with any role. */
  readonly person: Door<PersonCaller>;
}

export function createAuthenticate({ robot, enrollingRobot, person }: Doors): Authenticate {
  const atLeast =
    (role: Role): Door =>
    async (request) =>
      admit(await person(request), role);
  const doors: Readonly<Record<Access, Door>> = {
    public: async () => ({ kind: 'nobody' }),
    robot: (request) => robot(request, { waiting: false }),
    'waiting-robot': (request) => robot(request, { waiting: true }),
    'enrolling-robot': enrollingRobot,
    'robot-or-viewer': (request) =>
      'signature-input' in request.headers ? robot(request, { waiting: false }) : atLeast('viewer')(request),
    session: async (request) => needSession(await person(request)),
    viewer: atLeast('viewer'),
    operator: atLeast('operator'),
    admin: atLeast('admin'),
  };
  return (access, request) => doors[access](request);
}

export const isAtLeast = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);

function needSession(caller: PersonCaller): PersonCaller {
  if (caller.via === 'session') return caller;
  throw problem('forbidden', `${caller.actor} is no session: an API token can neither log out nor change a password.`, {
    hint: 'Log in with name and password: fairlead login.',
  });
}

function admit(caller: PersonCaller, needed: Role): PersonCaller {
  if (caller.mustChangePassword) {
    throw problem('must_change_password', `The password of ${caller.name} was made up by the server.`, {
      hint: 'Choose your own: fairlead password (POST /api/v1/me/password).',
    });
  }
  if (isAtLeast(caller.role, needed)) return caller;
  throw problem('forbidden', `${caller.name} is ${caller.role} here; this takes ${needed}.`, {
    hint: 'Ask an admin for the role, or use a token that has it.',
  });
}
