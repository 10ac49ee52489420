import { type AuditEntry, nextAuditEntry, TOKEN_MARK } from '@fairlead/shared/fleet/audit';
import { Sha256 } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import { type Kysely, sql } from 'kysely';
import type { AuditSlice } from './audit.ts';
import { readColumn } from './read-column.ts';

interface AuditRow {
  seq: number;
  at: string;
  by: string;
  action: string;
  element: string;
  detail: string;
  reason: string | null;
  loud: number;
  prev_sha256: string;
  sha256: string;
}
export interface AuditTables {
  audit_log: AuditRow;
  audit_head: { log: string; seq: number; sha256: string };
  audit_acknowledged: { seq: number; person: string; at: string };
}
const tokensOf = (person: string): string => person + TOKEN_MARK;
/** Not LIKE: names may hold its wildcards. */
const startOf = (column: string, start: string) => sql<string>`substr(${sql.ref(column)}, 1, ${sql.lit(start.length)})`;
const LOG = 'audit';
const MOST_NOTICES = 100;

export const kyselyAudit = (db: Kysely<AuditTables>): AuditSlice => ({
  append(fact) {
    const append = async (transaction: Kysely<AuditTables>) => {
      // The update locks the one row: whoever appends on another replica waits here, and then sees this entry.
      const head = await transaction
        .updateTable('audit_head')
        .set((eb) => ({ seq: eb('seq', '+', 1) }))
        .where('log', '=', LOG)
        .returning(['seq', 'sha256'])
        .executeTakeFirstOrThrow();
      const entry = nextAuditEntry({ seq: Number(head.seq) - 1, sha256: readColumn(Sha256, head.sha256) }, fact);
      await transaction.insertInto('audit_log').values(fromEntry(entry)).execute();
      await transaction.updateTable('audit_head').set({ sha256: entry.sha256 }).where('log', '=', LOG).execute();
      return entry;
    };
    return db.isTransaction ? append(db) : db.transaction().execute(append);
  },
  async head() {
    const { seq, sha256 } = await db
      .selectFrom('audit_head')
      .select(['seq', 'sha256'])
      .where('log', '=', LOG)
      .executeTakeFirstOrThrow();
    return { seq: Number(seq), sha256: readColumn(Sha256, sha256) };
  },
  async find(seq) {
    const row = await db.selectFrom('audit_log').selectAll().where('seq', '=', seq).executeTakeFirst();
    return row && toEntry(row);
  },
  async list({ by, action, element }, { order, after, limit }) {
    const newest = order === 'newest-first';
    let query = db
      .selectFrom('audit_log')
      .selectAll()
      .orderBy('seq', newest ? 'desc' : 'asc')
      .limit(limit);
    if (by !== undefined)
      query = query.where((eb) => eb.or([eb('by', '=', by), eb(startOf('by', tokensOf(by)), '=', tokensOf(by))]));
    if (action !== undefined) query = query.where('action', '=', action);
    if (element !== undefined) query = query.where('element', '=', element);
    if (after !== undefined) query = query.where('seq', newest ? '<' : '>', after);
    return (await query.execute()).map(toEntry);
  },
  async notices(person, since) {
    const acknowledged = db.selectFrom('audit_acknowledged').select('seq').where('person', '=', person);
    const rows = await db
      .selectFrom('audit_log')
      .selectAll()
      .where('loud', '=', 1)
      .where('at', '>=', toTimestamp(since))
      .where('seq', 'not in', acknowledged)
      .orderBy('seq', 'desc')
      .limit(MOST_NOTICES)
      .execute();
    return rows.map(toEntry);
  },
  async acknowledge(seq, person, at) {
    const insert = db.insertInto('audit_acknowledged').values({ seq, person, at: toTimestamp(at) });
    await insert.onConflict((conflict) => conflict.doNothing()).execute();
  },
});

/** Read as it is, not as it should be: an entry that somebody changed must reach the check that finds it. */
const toEntry = ({ prev_sha256, sha256, reason, seq, loud, ...row }: AuditRow): AuditEntry => ({
  ...row,
  seq: Number(seq),
  ...(reason !== null && { reason }),
  loud: loud === 1,
  prevSha256: prev_sha256 as Sha256,
  sha256: sha256 as Sha256,
});

const fromEntry = ({ prevSha256, reason, loud, ...entry }: AuditEntry): AuditRow => ({
  ...entry,
  reason: reason ?? null,
  loud: loud ? 1 : 0,
  prev_sha256: prevSha256,
});
