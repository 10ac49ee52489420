import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { kyselyStore } from './kysely-store.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite-database.ts';
import type { Store } from './store.ts';
import { describeStore } from './store-contract.ts';

async function sqliteStore(file: string): Promise<Store> {
  const db = openSqlite(file);
  await migrate(db);
  const store = kyselyStore(db);
  onTestFinished(() => store.close());
  return store;
}

describeStore('sqlite in memory', () => sqliteStore(':memory:'));
describeStore('sqlite in a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-store-'));
  return sqliteStore(join(folder, 'fairlead.db'));
});
