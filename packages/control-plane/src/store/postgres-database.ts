/** Adapter: PostgreSQL, for several replicas on one database. The only file that knows its SQL. */
import {
  ColumnDefinitionNode,
  CompiledQuery,
  type DataTypeNode,
  Kysely,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  PostgresQueryCompiler,
} from 'kysely';
import { Pool, type PoolConfig, types } from 'pg';
import type { Database, Tables } from './database.ts';
import { postgresTrouble } from './postgres-trouble.ts';

export interface PostgresOptions {
  /** postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE */
  readonly url: string;
  /** Wins over what the URL and PGPASSWORD say. */
  readonly password?: string;
  /** Told when a connection that nobody was using broke; the next query gets a new one. */
  readonly onConnectionLost?: (cause: Error) => void;
}

/** For write transactions one, for everything else the rest: reads never queue behind writes (see kysely-store.ts). */
const MOST_CONNECTIONS = 10;
/** A replica that was paused in the middle of a write loses it after this long, and the others go on. */
const PAUSED_WRITER_MS = 5_000;
/** Longer than a paused writer can hold everybody up. */
const PATIENCE_MS = 20_000;
/** Names the one lock of all writers of this database; migrations have Kysely's own. */
const WRITERS_LOCK = 7_300_010;

/** Opens the database; connections are made when they are needed. Its migrations have not run yet: see migrate.ts. */
export function openPostgres(options: PostgresOptions): Database {
  const pool = new Pool({ ...connectionOf(options), max: MOST_CONNECTIONS });
  // Without a listener the first idle connection that the server closes would end the process.
  pool.on('error', (cause) => options.onConnectionLost?.(cause));
  return new Kysely<Tables>({ dialect: new OneWriterPostgresDialect({ pool }, options.url) });
}

/** What every connection to this database is opened with; signals listen on one of their own. */
export const connectionOf = ({ url, password }: PostgresOptions): PoolConfig => ({
  connectionString: url,
  ...(password !== undefined && { password }),
  application_name: 'fairlead',
  connectionTimeoutMillis: 5_000,
  keepAlive: true,
  idle_in_transaction_session_timeout: PAUSED_WRITER_MS,
  lock_timeout: PATIENCE_MS,
  types: { getTypeParser: typeParser },
});

/** Counts, sums and generations are 64 bit there, and text by default; every one of ours fits a number. */
const typeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === types.builtins.INT8 || oid === types.builtins.NUMERIC ? toNumber : types.getTypeParser(oid, format);

function toNumber(text: string): number {
  const value = Number(text);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw new Error('The database holds a number that this version does not understand.');
}

class OneWriterPostgresDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;
  readonly #url: string;
  constructor(config: PostgresDialectConfig, url: string) {
    super(config);
    this.#config = config;
    this.#url = url;
  }
  override createDriver(): PostgresDriver {
    return new OneWriterPostgresDriver(this.#config, this.#url);
  }
  override createQueryCompiler(): PostgresQueryCompiler {
    return new BytewisePostgresQueryCompiler();
  }
}

type PostgresConnection = Parameters<PostgresDriver['rollbackTransaction']>[0];

class OneWriterPostgresDriver extends PostgresDriver {
  readonly #url: string;
  constructor(config: PostgresDialectConfig, url: string) {
    super(config);
    this.#url = url;
  }
  override async acquireConnection(...args: Parameters<PostgresDriver['acquireConnection']>) {
    try {
      return await super.acquireConnection(...args);
    } catch (cause) {
      throw postgresTrouble(cause, this.#url);
    }
  }
  /**
   * The store promises that write transactions run one after the other, as on SQLite. One lock that ends with the
   * transaction gives exactly this; why not `serializable` is in docs/decisions/0017. Read committed, because
   * every statement must see what the writer before it left: a snapshot would be taken before the lock is ours.
   */
  override async beginTransaction(connection: PostgresConnection): Promise<void> {
    const begin = `begin isolation level read committed; select pg_advisory_xact_lock(${WRITERS_LOCK})`;
    try {
      await connection.executeQuery(CompiledQuery.raw(begin));
    } catch (cause) {
      await this.rollbackTransaction(connection).catch(() => undefined);
      throw postgresTrouble(cause, this.#url);
    }
  }
}

/** Text sorts by its bytes, as on SQLite: the pages of a list must not depend on the language of a server. */
class BytewisePostgresQueryCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    const column = this.parentNode;
    if (node.dataType === 'text' && column && ColumnDefinitionNode.is(column)) this.append(' collate "C"');
  }
}
