import { AUDIT_START, verifyAuditChain } from '@fairlead/shared/fleet/audit';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { noPostgres, startTestPostgres, type TestPostgres } from '../testing/test-postgres.ts';
import { kyselyStore } from './kysely-store.ts';
import { migrate } from './migrate.ts';
import { openPostgres } from './postgres-database.ts';
import type { Store } from './store.ts';
import { describeStore } from './store-contract.ts';

describe.skipIf(noPostgres)(`PostgreSQL${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    const template = openPostgres({ url: await postgres.createDatabase() });
    await migrate(template);
    await template.destroy();
  });
  afterAll(() => postgres?.remove());

  const open = (url: string) => {
    const database = openPostgres({ url });
    onTestFinished(() => database.destroy());
    return database;
  };
  const openStore = (url: string): Store => kyselyStore(open(url), 'PostgreSQL');
  const newDatabase = () => postgres.createDatabase('fleet_1');

  describeStore('postgres', async () => openStore(await newDatabase()));

  test('replicas that start at once bring an empty database to the newest schema together', async () => {
    const url = await postgres.createDatabase();
    await Promise.all([1, 2, 3].map(() => migrate(open(url))));
    await openStore(url).settings.save('pace', 1);
    expect(await openStore(url).settings.find('pace')).toBe(1);
  });

  test('transactions of several replicas run one after the other: no count is lost', async () => {
    const url = await newDatabase();
    const replicas = [openStore(url), openStore(url), openStore(url)];
    await replicas[0]?.settings.save('count', 0);
    const add = (store: Store) =>
      store.transaction(async ({ settings }) => settings.save('count', Number(await settings.find('count')) + 1));
    await Promise.all(Array.from({ length: 10 }, () => replicas.map(add)).flat());
    expect(await replicas[1]?.settings.find('count')).toBe(30);
  });

  test('a replica that is paused in the middle of a write loses it, and the others go on', async () => {
    const url = await newDatabase();
    const paused = kyselyStore(openPostgres({ url, pausedWriterMs: 300 }), 'PostgreSQL');
    onTestFinished(() => paused.close());
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: pause, resolve: wakeUp } = Promise.withResolvers<void>();
    const lost = paused.transaction(async ({ settings }) => {
      await settings.save('pace', 'of the paused one');
      begin();
      await pause;
      await settings.save('pace', 'too late');
    });
    const refused = expect(lost).rejects.toThrow();
    await begun;
    const other = openStore(url);
    await other.transaction(({ settings }) => settings.save('another', 1));
    wakeUp();
    await refused;
    expect([await other.settings.find('pace'), await other.settings.find('another')]).toEqual([undefined, 1]);
    // It goes on as if nothing had been.
    await paused.transaction(({ settings }) => settings.save('pace', 2));
    expect(await other.settings.find('pace')).toBe(2);
  });

  test('a database of a newer version is refused with its name; a wrong password is said, and never shown', async () => {
    const url = await newDatabase();
    await postgres.query(
      "insert into kysely_migration values ('9999-from-the-future', '2030-01-01')",
      url.split('/').at(-1),
    );
    await expect(migrate(open(url))).rejects.toThrow('a newer Fairlead has made it (9999-from-the-future)');
    const wrong = await migrate(open(postgres.url('fleet_1', 'hunter2'))).catch((cause: unknown) => cause);
    expect(wrong).toMatchObject({ refusal: { category: 'database_refuses' } });
    expect(JSON.stringify(wrong) + String(wrong)).not.toContain('hunter2');
    const { href } = Object.assign(new URL(url), { password: 'hunter2' });
    const right = kyselyStore(openPostgres({ url: href, password: postgres.password }));
    onTestFinished(() => right.close());
    expect(await right.settings.find('pace')).toBeUndefined();
    await expect(migrate(open(postgres.url('no_such_fleet')))).rejects.toMatchObject({
      refusal: { category: 'no_such_database' },
    });
    await expect(migrate(open('postgres://eve@127.0.0.1:1/fleet'))).rejects.toMatchObject({
      refusal: { category: 'database_unreachable', detail: 'PostgreSQL at 127.0.0.1:1/fleet does not answer.' },
    });
  });

  test('more writers than there are connections do not keep readers waiting', async () => {
    const store = openStore(await newDatabase());
    const { promise: block, resolve: unblock } = Promise.withResolvers<void>();
    const writers = Array.from({ length: 30 }, (_, at) =>
      store.transaction(async ({ settings }) => {
        await block;
        await settings.save(`${at}`, at);
      }),
    );
    expect(await store.settings.find('29')).toBeUndefined();
    unblock();
    await Promise.all(writers);
    expect(await store.settings.find('29')).toBe(29);
  });

  test('replicas that log at once write one unbroken audit chain', async () => {
    const url = await newDatabase();
    const replicas = [openStore(url), openStore(url), openStore(url)];
    const fact = { at: 0, by: 'ada', action: 'window.save', element: 'night', detail: 'It was changed.' };
    const append = (store: Store, n: number) =>
      n % 2 === 0 ? store.audit.append(fact) : store.transaction(({ audit }) => audit.append(fact));
    await Promise.all(Array.from({ length: 10 }, (_, n) => replicas.map((store) => append(store, n))).flat());
    const entries = await openStore(url).audit.list({}, { order: 'oldest-first', limit: 100 });
    expect(verifyAuditChain(AUDIT_START, entries)).toMatchObject({ ok: true, value: { seq: 30 } });
  });

  test('names sort by their bytes, whatever language the database speaks', async () => {
    const database = open(await newDatabase());
    const { rows } = await sql<{ collation_name: string | null }>`
      select distinct collation_name from information_schema.columns
      where table_schema = 'public' and data_type = 'text' and table_name not like 'kysely%'`.execute(database);
    expect(rows).toEqual([{ collation_name: 'C' }]);
  });

  test('numbers of 64 bits are numbers', async () => {
    const database = open(await newDatabase());
    const { rows } = await sql`select 5000000000::bigint as a, count(*) as b, sum(2::bigint) as c`.execute(database);
    expect(rows).toEqual([{ a: 5_000_000_000, b: 1, c: 2 }]);
  });
});
