/** How any connection to PostgreSQL is opened: those of the store, and the one that signals listen on. */
import { type PoolConfig, types } from 'pg';

export interface PostgresOptions {
  /** postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE */
  readonly url: string;
  /** Wins over what the URL and PGPASSWORD say. */
  readonly password?: string;
  /** Ends a write transaction in which nothing has happened for so long. Default 5 s. */
  readonly pausedWriterMs?: number;
  /** Told when a connection that nobody was using broke; the next query gets a new one. */
  readonly onConnectionLost?: (cause: Error) => void;
}

/** A replica that was paused in the middle of a write loses it after this long, and the others go on. */
const PAUSED_WRITER_MS = 5_000;
/** Longer than a paused writer can hold everybody up. */
const PATIENCE_MS = 20_000;

/** What every connection to this database is opened with; signals listen on one of their own. */
export const connectionOf = ({ url, password, pausedWriterMs = PAUSED_WRITER_MS }: PostgresOptions): PoolConfig => ({
  connectionString: password === undefined ? url : withPassword(url, password),
  application_name: 'fairlead',
  connectionTimeoutMillis: 5_000,
  keepAlive: true,
  idle_in_transaction_session_timeout: pausedWriterMs,
  lock_timeout: PATIENCE_MS,
  types: { getTypeParser: typeParser },
});

/** In the URL, since pg believes nothing else where it is given one; as a parameter, since not every URL has a host. */
function withPassword(url: string, password: string): string {
  const complete = new URL(url);
  complete.searchParams.set('password', password);
  return complete.href;
}

/** Counts, sums and generations are 64 bit there, and text by default; every one of ours fits a number. */
const typeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === types.builtins.INT8 || oid === types.builtins.NUMERIC ? toNumber : types.getTypeParser(oid, format);

function toNumber(text: string): number {
  const value = Number(text);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw new Error('The database holds a number that this version does not understand.');
}
