import { Refusal } from '@fairlead/shared/failure';
import { Labels } from '@fairlead/shared/fleet/robot-facts';
import { Lifecycle } from '@fairlead/shared/fleet/states';
import { EnvironmentName, RobotId, Sha256 } from '@fairlead/shared/ids';
import { fromTimestamp, toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import { readColumn, readJsonColumn, readJsonEntries } from './read-column.ts';
import type { RobotKey, RobotRecord, Robots } from './robots.ts';

interface RobotRow {
  robot: string;
  lifecycle: string;
  environment: string;
  group_name: string | null;
  labels: string;
  keyid: string;
  quarantined: string | null;
  enrolled_at: string;
}
interface KeyRow {
  keyid: string;
  robot: string;
  public_key: string;
  added_at: string;
  blocked_at: string | null;
}
export interface RobotTables {
  robots: RobotRow;
  robot_keys: KeyRow;
}

const MOST_NAMES = 1000;

export const kyselyRobots = (db: Kysely<RobotTables>): Robots => ({
  async find(robot) {
    const row = await db.selectFrom('robots').selectAll().where('robot', '=', robot).executeTakeFirst();
    return row && toRobot(row);
  },
  async named(robots) {
    const found: RobotRecord[] = [];
    // Databases take a limited number of parameters in one statement.
    for (let at = 0; at < robots.length; at += MOST_NAMES) {
      const query = db
        .selectFrom('robots')
        .selectAll()
        .where('robot', 'in', robots.slice(at, at + MOST_NAMES));
      found.push(...(await query.execute()).map(toRobot));
    }
    return found;
  },
  async all() {
    return (await db.selectFrom('robots').selectAll().orderBy('robot').execute()).map(toRobot);
  },
  async page(after, limit) {
    const query = db.selectFrom('robots').selectAll().orderBy('robot').limit(limit);
    return (await (after === undefined ? query : query.where('robot', '>', after)).execute()).map(toRobot);
  },
  async count(lifecycle) {
    const count = db.selectFrom('robots').select(({ fn }) => fn.countAll().as('robots'));
    return Number((await count.where('lifecycle', '=', lifecycle).executeTakeFirstOrThrow()).robots);
  },
  async save(record) {
    const row = fromRobot(record);
    const insert = db.insertInto('robots').values(row);
    // Never the key itself: SQLite would look through every row of every table that refers to it.
    const { robot: _key, ...changes } = row;
    await insert.onConflict((conflict) => conflict.column('robot').doUpdateSet(changes)).execute();
  },

  async findKey(keyid) {
    const row = await db.selectFrom('robot_keys').selectAll().where('keyid', '=', keyid).executeTakeFirst();
    return row && toKey(row);
  },
  async insertKey(key) {
    const row = {
      keyid: key.keyid,
      robot: key.robot,
      public_key: key.publicKey,
      added_at: toTimestamp(key.addedAt),
      blocked_at: null,
    };
    const insert = db
      .insertInto('robot_keys')
      .values(row)
      .onConflict((conflict) => conflict.doNothing());
    return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
  },
  async blockKey(keyid, at) {
    const block = db.updateTable('robot_keys').set({ blocked_at: toTimestamp(at) });
    await block.where('keyid', '=', keyid).where('blocked_at', 'is', null).execute();
  },
});

const toRobot = (row: RobotRow): RobotRecord => ({
  robot: readColumn(RobotId, row.robot),
  lifecycle: readColumn(Lifecycle, row.lifecycle),
  environment: readColumn(EnvironmentName, row.environment),
  ...(row.group_name !== null && { group: row.group_name }),
  labels: readJsonEntries(Labels, row.labels),
  keyid: readColumn(Sha256, row.keyid),
  ...(row.quarantined !== null && { quarantined: readJsonColumn(Refusal, row.quarantined) }),
  enrolledAt: fromTimestamp(row.enrolled_at),
});

const fromRobot = (record: RobotRecord): RobotRow => ({
  robot: record.robot,
  lifecycle: record.lifecycle,
  environment: record.environment,
  group_name: record.group ?? null,
  labels: JSON.stringify(record.labels),
  keyid: record.keyid,
  quarantined: record.quarantined ? JSON.stringify(record.quarantined) : null,
  enrolled_at: toTimestamp(record.enrolledAt),
});

const toKey = (row: KeyRow): RobotKey => ({
  keyid: readColumn(Sha256, row.keyid),
  robot: readColumn(RobotId, row.robot),
  publicKey: row.public_key,
  addedAt: fromTimestamp(row.added_at),
  ...(row.blocked_at !== null && { blockedAt: fromTimestamp(row.blocked_at) }),
});
