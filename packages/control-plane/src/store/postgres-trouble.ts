/** What PostgreSQL's codes mean for the person who runs the control plane. Passwords are in none of it. */
import { Failure } from '@fairlead/shared/failure';

interface Meaning {
  readonly category: string;
  readonly detail: string;
  readonly hint: string;
}

const UNREACHABLE: Meaning = {
  category: 'database_unreachable',
  detail: 'does not answer',
  hint: 'Is it running, and is the host and port of --database right?',
};
const UNAVAILABLE: Meaning = {
  category: 'database_unavailable',
  detail: 'is starting, stopping or full',
  hint: 'It is tried again by itself; its own log says why.',
};
const NO_ENTRY: Meaning = {
  category: 'database_refuses',
  detail: 'refuses the user or the password',
  hint: 'Check the user of --database, and the password in --database-password-file or PGPASSWORD.',
};
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOENT: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  '28P01': NO_ENTRY,
  '28000': NO_ENTRY,
  '3D000': {
    category: 'no_such_database',
    detail: 'has no database of that name',
    hint: 'Create it: createdb NAME, owned by the user of --database.',
  },
  '42501': {
    category: 'database_rights',
    detail: 'does not let this user make tables',
    hint: 'Make the user of --database the owner of the database.',
  },
  '53300': UNAVAILABLE,
  '55P03': { ...UNAVAILABLE, detail: 'is busy with other writers' },
  '57P01': UNAVAILABLE,
  '57P02': UNAVAILABLE,
  '57P03': UNAVAILABLE,
};

/** The failure to tell where `cause` is the database's or the way to it; else `cause` as it is. */
export function postgresTrouble(cause: unknown, url: string): unknown {
  const meaning = meaningOf(cause);
  if (!meaning) return cause;
  const { category, detail, hint } = meaning;
  const told = `PostgreSQL at ${placeOf(url)} ${detail}.`;
  return new Failure(
    { phase: 'assign', element: 'database', category, detail: told, retryable: true, hint },
    { cause },
  );
}

function meaningOf(cause: unknown): Meaning | undefined {
  const { code, message } = Object(cause) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && MEANINGS[code]) return MEANINGS[code];
  // pg gives these no code.
  if (/timeout exceeded when trying to connect|Connection terminated/.test(String(message))) return UNREACHABLE;
  if (/password must be a string|no password supplied/i.test(String(message))) return NO_ENTRY;
  return undefined;
}

/** HOST:PORT/DATABASE, without user and password. */
export function placeOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${decodeURIComponent(hostname) || 'this machine'}${port && `:${port}`}${pathname}`;
  } catch {
    return 'the configured place';
  }
}
