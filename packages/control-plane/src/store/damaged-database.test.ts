import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite-database.ts';

const PAGE = 4096;

/** A database of some hundred pages, in a folder of its own. */
async function filledDatabase() {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-damaged-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'fairlead.db');
  const database = openSqlite(file);
  await migrate(database);
  await sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
    insert into settings select 'key ' || i, hex(randomblob(200)) from n`.execute(database);
  // Everything is in the file itself, not in its log.
  await sql`pragma wal_checkpoint(truncate)`.execute(database);
  return { file, database };
}

/** Overwrites every page behind the first half of the file, as a failing disk does. */
async function damage(file: string): Promise<void> {
  const pages = Math.floor((await stat(file)).size / PAGE);
  const handle = await open(file, 'r+');
  for (let page = Math.floor(pages / 2); page < pages; page += 1) {
    await handle.write(Buffer.alloc(PAGE, 0xee), 0, PAGE, page * PAGE);
  }
  await handle.close();
}

function messageOf(cause: unknown): string {
  expect(cause).toBeInstanceOf(Failure);
  return cause instanceof Failure ? cause.message : '';
}

test('a database that was damaged while nobody looked is named at the start, with its file and the next step', async () => {
  const { file, database } = await filledDatabase();
  await database.destroy();
  await damage(file);
  let found: unknown;
  try {
    openSqlite(file);
  } catch (cause) {
    found = cause;
  }
  expect(messageOf(found)).toContain(`The database ${file} is damaged`);
  expect(messageOf(found)).toContain('Restore the newest backup');
});

test('a database that is damaged under a running control plane is named by the query that meets it', async () => {
  const { file, database } = await filledDatabase();
  onTestFinished(() => database.destroy());
  await damage(file);
  await sql`pragma shrink_memory`.execute(database);
  await sql`pragma cache_size = 0`.execute(database);
  const found: unknown = await sql`select sum(length(value)) from settings`.execute(database).catch((cause) => cause);
  expect(messageOf(found)).toContain(`The database ${file} is damaged`);
});
