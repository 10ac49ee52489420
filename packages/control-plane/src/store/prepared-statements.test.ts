import BetterSqlite3 from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { keepStatements } from './prepared-statements.ts';

function counted(most?: number) {
  const sqlite = new BetterSqlite3(':memory:');
  onTestFinished(() => void sqlite.close());
  const compiled: string[] = [];
  const prepare = (sql: string) => {
    compiled.push(sql);
    return sqlite.prepare(sql);
  };
  const database = keepStatements({ prepare, close: () => sqlite.close() }, most);
  return { compiled, database, all: (sql: string) => database.prepare(sql).all() };
}

test('the same statement is compiled once, also where another was asked in between', () => {
  const { compiled, all } = counted();
  for (const sql of ['select 1', 'select 2', 'select 1', 'select 2']) all(sql);
  expect(compiled).toEqual(['select 1', 'select 2']);
});

test('the least recently used statement makes room', () => {
  const { compiled, all } = counted(2);
  for (const sql of ['select 1', 'select 2', 'select 1', 'select 3', 'select 1', 'select 2']) all(sql);
  expect(compiled).toEqual(['select 1', 'select 2', 'select 3', 'select 2']);
});

test('a changed schema is seen by the statements that were kept', () => {
  const { database, all } = counted();
  database.prepare('create table robots (name text)').run();
  database.prepare('insert into robots values (?)').run('duck');
  expect(all('select * from robots')).toEqual([{ name: 'duck' }]);
  database.prepare("alter table robots add column site text default 'pond'").run();
  expect(all('select * from robots')).toEqual([{ name: 'duck', site: 'pond' }]);
});
