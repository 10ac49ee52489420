/** The store over any Kysely database whose migrations have run. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type KyselyPlugin, sql } from 'kysely';
import type { Database } from './database.ts';
import { kyselySettings } from './kysely-settings.ts';
import type { Slices, Store } from './store.ts';

const slicesOn = (db: Database): Slices => ({
  settings: kyselySettings(db),
});

export function kyselyStore(db: Database): Store {
  const inTransaction = new AsyncLocalStorage<true>();
  const outer = db.withPlugin(refuseInside(inTransaction));
  return {
    ...slicesOn(outer),
    transaction: (work) => {
      if (inTransaction.getStore()) throw misuse();
      return inTransaction.run(true, () => db.transaction().execute((transaction) => work(slicesOn(transaction))));
    },
    async ping() {
      await sql`select 1`.execute(outer);
    },
    close: () => db.destroy(),
  };
}

/** On SQLite an outer query inside a transaction would wait for that very transaction, for ever and in silence. */
function refuseInside(inTransaction: AsyncLocalStorage<true>): KyselyPlugin {
  return {
    transformQuery({ node }) {
      if (inTransaction.getStore()) throw misuse();
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}

const misuse = () => new Error('Inside a transaction only the slices it was given may be used.');
