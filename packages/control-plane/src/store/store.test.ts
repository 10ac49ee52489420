import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
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

test('a database of a newer version is refused, not damaged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-store-'));
  const file = join(folder, 'fairlead.db');
  const newer = openSqlite(file);
  await migrate(newer);
  await sql`insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2030-01-01')`.execute(
    newer,
  );
  await newer.destroy();
  const older = openSqlite(file);
  onTestFinished(() => older.destroy());
  await expect(migrate(older)).rejects.toThrow('could not be brought to the schema of this version');
});

test('a second process on the same file sees what the first one wrote', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'fairlead-store-')), 'fairlead.db');
  const first = await sqliteStore(file);
  const second = await sqliteStore(file);
  await first.settings.save('pace', 1);
  expect(await second.settings.find('pace')).toBe(1);
});
