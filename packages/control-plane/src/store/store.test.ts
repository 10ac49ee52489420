import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { kyselyReports } from './kysely-reports.ts';
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

test('what robots said under weaker rules is read without what is no longer allowed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-store-'));
  const db = openSqlite(join(folder, 'fairlead.db'));
  await migrate(db);
  const store = kyselyStore(db);
  onTestFinished(() => store.close());
  const record = { lifecycle: 'accepted', environment: 'staging', labels: { line: '3' }, enrolledAt: 1_000 } as const;
  const robot = 'duck' as RobotId;
  await store.robots.save({ ...record, robot, keyid: sha256Hex('duck') });
  await store.presence.saveAll([{ robot, lastSeen: 1_000, facts: { bootId: 'b', metrics: { fps: 30 } } }]);
  await sql`update robots set labels = ${JSON.stringify({ line: '3', 'bad key': { a: 1 } })}`.execute(db);
  await sql`update robot_presence set facts = ${JSON.stringify({ bootId: 'b', metrics: { 'bad key': 'x' } })}`.execute(
    db,
  );
  expect((await store.robots.all()).map(({ labels }) => labels)).toEqual([{ line: '3' }]);
  expect((await store.presence.since(-1)).heard).toEqual([{ robot, lastSeen: 1_000, facts: { bootId: 'b' } }]);
});

test('attack 106: of the reports of one key the newest are kept', async () => {
  const db = openSqlite(':memory:');
  onTestFinished(() => db.destroy());
  await migrate(db);
  const reports = kyselyReports(db, 150);
  const add = (key: string, seq: number) =>
    reports.add({
      keyid: sha256Hex(key),
      seq,
      sha256: sha256Hex(String(seq)),
      robot: 'duck' as RobotId,
      envelope: { payloadType: 't', payload: 'p', signatures: [{ keyid: sha256Hex(key), sig: 's' }] },
      receivedAt: 1_000,
    });
  await add('another key', 1);
  for (let seq = 1; seq <= 200; seq += 1) await add('key', seq);
  const isKept = async (key: string, seq: number) => (await reports.find(sha256Hex(key), seq)) !== undefined;
  expect([await isKept('key', 50), await isKept('key', 51), await isKept('another key', 1)]).toEqual([
    false,
    true,
    true,
  ]);
});
