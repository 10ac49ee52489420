import { RobotId } from '@fairlead/shared/ids';
import { fromTimestamp, toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import { type Heard, type PresenceSlice, RobotFacts } from './presence.ts';
import { readColumn, readJsonColumn } from './read-column.ts';

interface PresenceRow {
  robot: string;
  last_seen: string | null;
  facts: string;
}
export interface PresenceTables {
  robot_presence: PresenceRow;
}

export const kyselyPresence = (db: Kysely<PresenceTables>): PresenceSlice => ({
  async all() {
    return (await db.selectFrom('robot_presence').selectAll().execute()).map(toHeard);
  },
  async saveAll(heard) {
    if (heard.length === 0) return;
    const insert = db.insertInto('robot_presence').values(heard.map(fromHeard));
    await insert
      .onConflict((conflict) =>
        conflict.column('robot').doUpdateSet(({ ref }) => ({
          last_seen: ref('excluded.last_seen'),
          facts: ref('excluded.facts'),
        })),
      )
      .execute();
  },
});

const fromHeard = ({ robot, lastSeen, facts }: Heard): PresenceRow => ({
  robot,
  last_seen: lastSeen === undefined ? null : toTimestamp(lastSeen),
  facts: JSON.stringify(facts),
});

const toHeard = (row: PresenceRow): Heard => ({
  robot: readColumn(RobotId, row.robot),
  ...(row.last_seen !== null && { lastSeen: fromTimestamp(row.last_seen) }),
  facts: readJsonColumn(RobotFacts, row.facts),
});
