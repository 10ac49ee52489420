/** Adapter: SQLite in one file, the embedded default. The only file that knows SQLite. */
import BetterSqlite3 from 'better-sqlite3';
import {
  type AbortableOperationOptions,
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  SqliteQueryCompiler,
} from 'kysely';
import { databaseDamaged, sqliteTrouble } from './damaged-database.ts';
import type { Database, Tables } from './database.ts';
import { keepStatements } from './prepared-statements.ts';

/**
 * Opens (and creates) the database; ':memory:' for tests. Its migrations have not run yet: see migrate.ts. Throws a failure
 * that names the file where it is damaged: it is read once, a second or two for a gigabyte.
 */
export function openSqlite(file: string): Database {
  const sqlite = new BetterSqlite3(file);
  try {
    sqlite.pragma('journal_mode = WAL');
    // With WAL, NORMAL may forget the last transactions in a power cut. Acknowledged reports must not be forgotten.
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = ON');
    sqlite.pragma('busy_timeout = 5000');
    const finding = sqlite.pragma('quick_check(1)', { simple: true });
    if (finding !== 'ok') throw databaseDamaged(file, String(finding));
  } catch (cause) {
    sqlite.close();
    throw sqliteTrouble(cause, file);
  }
  return new Kysely<Tables>({ dialect: new ImmediateSqliteDialect(sqlite, file) });
}

class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: ReturnType<typeof keepStatements<BetterSqlite3.Statement>>;
  readonly #file: string;
  constructor(sqlite: BetterSqlite3.Database, file: string) {
    const database = keepStatements(sqlite);
    super({ database });
    this.#database = database;
    this.#file = file;
  }
  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver({ database: this.#database }, this.#file);
  }
  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter();
  }
  override createQueryCompiler(): SqliteQueryCompiler {
    return new StablePlanCompiler();
  }
}

/**
 * Built with STAT4, SQLite plans a join again for each new value of a parameter that it compares a column with: 60 µs
 * where the join itself takes 10. Behind a unary plus, which changes no value, it no longer looks at it.
 */
class StablePlanCompiler extends SqliteQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return '+?';
  }
}

/** SQLite rolls schema changes back like any other; Kysely only does not count on it. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  readonly #file: string;
  constructor(config: SqliteDialectConfig, file: string) {
    super(config);
    this.#file = file;
  }
  override async acquireConnection(): Promise<DatabaseConnection> {
    return namingDamage(await super.acquireConnection(), this.#file);
  }
  /**
   * A plain BEGIN takes the write lock at the first write: two processes that both have read would then fail
   * instead of waiting for each other.
   */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** A page that rotted after the start is met by a query: its error says which file, and what to do. */
const namingDamage = (connection: DatabaseConnection, file: string): DatabaseConnection => ({
  async executeQuery<R>(query: CompiledQuery, options?: AbortableOperationOptions): Promise<QueryResult<R>> {
    try {
      return await connection.executeQuery<R>(query, options);
    } catch (cause) {
      throw sqliteTrouble(cause, file);
    }
  },
  streamQuery: (query, chunkSize, options) => connection.streamQuery(query, chunkSize, options),
});
