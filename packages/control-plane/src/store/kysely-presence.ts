import { RobotId } from '@fairlead/shared/ids';
import { fromTimestamp, toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import { type Heard, type PresenceSlice, RobotFacts } from './presence.ts';
import { readColumn, readJsonEntries } from './read-column.ts';

interface PresenceRow {
  robot: string;
  last_seen: string | null;
  facts: string;
  revision: number;
}
export interface PresenceTables {
  robot_presence: PresenceRow;
  revisions: { of: string; revision: number };
}

/** Rows in one statement: SQLite takes 32 766 values, PostgreSQL 65 535. */
const ROWS_AT_ONCE = 500;

export const kyselyPresence = (db: Kysely<PresenceTables>): PresenceSlice => ({
  async since(revision) {
    const rows = db.selectFrom('robot_presence').selectAll().where('revision', '>', revision);
    const found = await rows.orderBy('revision').execute();
    return { revision: Math.max(revision, Number(found.at(-1)?.revision ?? 0)), heard: found.map(toHeard) };
  },
  async saveAll(heard) {
    // Its row stays locked until the transaction ends: revisions become visible in their order.
    const { revision } = await db
      .insertInto('revisions')
      .values({ of: 'presence', revision: 1 })
      .onConflict((conflict) =>
        conflict.column('of').doUpdateSet(({ eb, ref }) => ({ revision: eb(ref('revisions.revision'), '+', 1) })),
      )
      .returning('revision')
      .executeTakeFirstOrThrow();
    const rows = heard.map((one) => toRow(one, Number(revision)));
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      await db
        .insertInto('robot_presence')
        .values(rows.slice(from, from + ROWS_AT_ONCE))
        .onConflict((conflict) =>
          conflict.column('robot').doUpdateSet(({ ref }) => ({
            last_seen: ref('excluded.last_seen'),
            facts: ref('excluded.facts'),
            revision: ref('excluded.revision'),
          })),
        )
        .execute();
    }
    return Number(revision);
  },
});

const toRow = ({ robot, lastSeen, facts }: Heard, revision: number): PresenceRow => ({
  robot,
  last_seen: lastSeen === undefined ? null : toTimestamp(lastSeen),
  facts: JSON.stringify(facts),
  revision,
});

const toHeard = (row: PresenceRow): Heard => ({
  robot: readColumn(RobotId, row.robot),
  ...(row.last_seen !== null && { lastSeen: fromTimestamp(row.last_seen) }),
  facts: readJsonEntries(RobotFacts, row.facts),
});
