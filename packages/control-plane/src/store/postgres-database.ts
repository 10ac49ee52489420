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
import { Pool } from 'pg';
import type { Database, Tables } from './database.ts';
import { connectionOf, type PostgresOptions } from './postgres-connection.ts';
import { postgresTrouble } from './postgres-trouble.ts';

/** For write transactions one, for everything else the rest: reads never queue behind writes (see kysely-store.ts). */
const MOST_CONNECTIONS = 10;
/** Names the one lock of all writers of this database; migrations have Kysely's own. */
const WRITERS_LOCK = 7_300_010;

/** Opens the database; connections are made when they are needed. Its migrations have not run yet: see migrate.ts. */
export function openPostgres(options: PostgresOptions): Database {
  const pool = new Pool({ ...connectionOf(options), max: MOST_CONNECTIONS });
  // Without a listener the first idle connection that the server closes would end the process.
  pool.on('error', (cause) => options.onConnectionLost?.(cause));
  // And so would one that a transaction holds just now, between two of its statements. The next one is told.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<Tables>({ dialect: new OneWriterPostgresDialect({ pool }, options.url) });
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
