/**
 * SQLite statements, compiled once: a check-in asks the same few questions, and compiling one takes longer than
 * answering it. SQLite itself compiles a kept statement anew where the schema changed under it.
 */

/** Enough for every statement of the control plane with batches of many sizes. */
const MOST_KEPT = 500;
/** Schema changes and pragmas run once. */
const WORTH_KEEPING = /^\s*(select|insert|update|delete|with|begin|commit|rollback)\b/i;

interface Prepares<S> {
  prepare(sql: string): S;
  close(): unknown;
}

/** The same database to Kysely, which prepares each statement again each time. Least recently used go first. */
export function keepStatements<S>(database: Prepares<S>, most = MOST_KEPT): { prepare(sql: string): S; close(): void } {
  const kept = new Map<string, S>();
  return {
    prepare(sql) {
      if (!WORTH_KEEPING.test(sql)) return database.prepare(sql);
      const statement = kept.get(sql) ?? database.prepare(sql);
      kept.delete(sql);
      kept.set(sql, statement);
      const [oldest] = kept.keys();
      if (kept.size > most && oldest !== undefined) kept.delete(oldest);
      return statement;
    },
    close() {
      kept.clear();
      database.close();
    },
  };
}
