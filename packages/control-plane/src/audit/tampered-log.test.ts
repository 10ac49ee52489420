/** Attack: somebody with the database in hand edits the log of what they did. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { openSqlite } from '../store/sqlite-database.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';

async function logOfThree() {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-audit-'));
  const databaseFile = join(folder, 'fairlead.db');
  const controlPlane = await testControlPlane({ databaseFile });
  const { operator } = await controlPlane.as('admin');
  for (const name of ['a', 'b', 'c']) await operator.createGroup({ body: { name, selector: 'site=munich' } });
  const intruder = openSqlite(databaseFile);
  onTestFinished(async () => {
    await intruder.destroy();
    await rm(folder, { recursive: true, force: true });
  });
  return { operator, intruder };
}

test.each([
  ['update audit_log set "by" = \'mallory\' where seq = 2', 2],
  ["update audit_log set at = 'yesterday' where seq = 1", 1],
  ['delete from audit_log where seq = 2', 2],
  ['delete from audit_log where seq = 3', 3],
  ['delete from audit_log', 1],
])('%s is found at entry %i', async (statement, seq) => {
  const { operator, intruder } = await logOfThree();
  expect((await operator.verifyAudit()).broken).toBeUndefined();
  await sql.raw(statement).execute(intruder);
  expect((await operator.verifyAudit()).broken?.seq).toBe(seq);
  // What is left can still be read: a damaged log is what people want to see.
  const { rows } = await sql<{ n: number }>`select count(*) as n from audit_log`.execute(intruder);
  expect((await operator.listAudit()).items).toHaveLength(Number(rows[0]?.n));
});
