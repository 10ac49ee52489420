import { Refusal } from '@fairlead/shared/failure';
import { Alarm } from '@fairlead/shared/fleet/alarm';
import type { RobotId } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import type { ExpressionBuilder, Kysely } from 'kysely';
import type { AlarmIdentity, Alarms, Resolution } from './alarms.ts';
import { readColumn, readJsonColumn } from './read-column.ts';

interface AlarmRow {
  id: string;
  robot: string;
  /** Empty where it is about no component: part of a unique index, in which nulls would differ. */
  component: string;
  category: string;
  element: string;
  refusal: string;
  first_seen: string;
  last_seen: string;
  count: number;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  acknowledged_reason: string | null;
  resolved_at: string | null;
  resolved_by: string | null;
  resolved_how: string | null;
  resolved_reason: string | null;
}
export interface AlarmTables {
  alarms: AlarmRow;
}

/** A robot that invents alarms must not fill the database: its oldest make room, resolved ones and others apart. */
export const MOST_UNRESOLVED_PER_ROBOT = 500;
export const MOST_RESOLVED_PER_ROBOT = 500;

export const kyselyAlarms = (db: Kysely<AlarmTables>): Alarms => ({
  async raise({ id, robot, refusal, at }) {
    const seen = toTimestamp(at);
    const latest = { refusal: JSON.stringify(refusal), last_seen: seen };
    const again = await db
      .updateTable('alarms')
      .set((eb) => ({ ...latest, count: eb('count', '+', 1) }))
      .where(isOpen(robot, refusal))
      .executeTakeFirst();
    if (again.numUpdatedRows > 0n) return;
    await keepNewest(db, robot, 'unresolved', MOST_UNRESOLVED_PER_ROBOT - 1);
    await keepNewest(db, robot, 'resolved', MOST_RESOLVED_PER_ROBOT);
    await db
      .insertInto('alarms')
      .values({ ...NOTHING_YET, ...latest, id, robot, ...identityOf(refusal), first_seen: seen, count: 1 })
      // A robot that searches for two reports with one id loses its second alarm, and nobody else anything.
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  },
  async acknowledge(id, { at, by, reason }) {
    const open = await db
      .selectFrom('alarms')
      .select('id')
      .where('id', '=', id)
      .where('resolved_at', 'is', null)
      .execute();
    await db
      .updateTable('alarms')
      .set({ acknowledged_at: toTimestamp(at), acknowledged_by: by, acknowledged_reason: reason ?? null })
      .where('id', '=', id)
      .where('resolved_at', 'is', null)
      .where('acknowledged_at', 'is', null)
      .execute();
    return open.length > 0;
  },
  async resolve(id, resolution) {
    const { numUpdatedRows } = await db
      .updateTable('alarms')
      .set(resolvedBy(resolution))
      .where('id', '=', id)
      .where('resolved_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },
  async resolveReported(robot, identity, at) {
    const resolution = resolvedBy({ at, by: robot, how: 'reported' });
    await db.updateTable('alarms').set(resolution).where(isOpen(robot, identity)).execute();
  },
  async resolveAllOf(robot, resolution) {
    await db
      .updateTable('alarms')
      .set(resolvedBy(resolution))
      .where('robot', '=', robot)
      .where('resolved_at', 'is', null)
      .execute();
  },
  async find(id) {
    const row = await db.selectFrom('alarms').selectAll().where('id', '=', id).executeTakeFirst();
    return row && toAlarm(row);
  },
  async list({ states, robot }, { before, limit }) {
    let query = db.selectFrom('alarms').selectAll().orderBy('id', 'desc').limit(limit);
    query = query.where((eb) => eb.or(states.map((state) => isIn(eb)[state])));
    if (robot !== undefined) query = query.where('robot', '=', robot);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.execute()).map(toAlarm);
  },
  async listPerRobot({ states, robot }, perRobot, { before, limit }) {
    const { fn } = db;
    let chosen = db
      .selectFrom('alarms')
      .selectAll()
      .select([
        fn
          .agg<number>('row_number')
          .over((over) => over.partitionBy('robot').orderBy('id', 'desc'))
          .as('place'),
        fn
          .countAll()
          .over((over) => over.partitionBy('robot'))
          .as('of_robot'),
      ])
      .where((eb) => eb.or(states.map((state) => isIn(eb)[state])));
    if (robot !== undefined) chosen = chosen.where('robot', '=', robot);
    let query = db
      .selectFrom(chosen.as('ranked'))
      .selectAll()
      .where('place', '<=', perRobot)
      .orderBy('id', 'desc')
      .limit(limit);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.execute()).map(({ place, of_robot: ofRobot, ...row }) => ({
      alarm: toAlarm(row),
      leftOut: Number(place) === perRobot ? Number(ofRobot) - perRobot : 0,
    }));
  },
  async counts() {
    const count = async (state: 'open' | 'acknowledged'): Promise<number> => {
      const { n } = await db
        .selectFrom('alarms')
        .select(({ fn }) => fn.countAll().as('n'))
        .where((eb) => isIn(eb)[state])
        .executeTakeFirstOrThrow();
      return Number(n);
    };
    return { open: await count('open'), acknowledged: await count('acknowledged') };
  },
  async forgetResolved(before) {
    await db.deleteFrom('alarms').where('resolved_at', '<', toTimestamp(before)).execute();
  },
});

const NOTHING_YET = {
  acknowledged_at: null,
  acknowledged_by: null,
  acknowledged_reason: null,
  resolved_at: null,
  resolved_by: null,
  resolved_how: null,
  resolved_reason: null,
};
type Where = ExpressionBuilder<AlarmTables, 'alarms'>;

const identityOf = ({ component, category, element }: AlarmIdentity) => ({
  component: component ?? '',
  category,
  element,
});
const isOpen = (robot: RobotId, identity: AlarmIdentity) => (eb: Where) =>
  eb.and([eb.and({ robot: robot as string, ...identityOf(identity) }), eb('resolved_at', 'is', null)]);

const isIn = (eb: Where) => ({
  open: eb.and([eb('resolved_at', 'is', null), eb('acknowledged_at', 'is', null)]),
  acknowledged: eb.and([eb('resolved_at', 'is', null), eb('acknowledged_at', 'is not', null)]),
  resolved: eb('resolved_at', 'is not', null),
});

const resolvedBy = ({ at, by, how, reason }: Resolution) => ({
  resolved_at: toTimestamp(at),
  resolved_by: by,
  resolved_how: how,
  resolved_reason: reason ?? null,
});

async function keepNewest(
  db: Kysely<AlarmTables>,
  robot: RobotId,
  which: 'resolved' | 'unresolved',
  most: number,
): Promise<void> {
  const oldest = db
    .selectFrom('alarms')
    .select('id')
    .where('robot', '=', robot)
    .where('resolved_at', which === 'resolved' ? 'is not' : 'is', null)
    .orderBy('id', 'desc')
    .offset(most)
    .limit(1000);
  await db.deleteFrom('alarms').where('id', 'in', oldest).execute();
}

function toAlarm(row: AlarmRow): Alarm {
  const { acknowledged_at: acknowledgedAt, resolved_at: resolvedAt } = row;
  return readColumn(Alarm, {
    id: row.id,
    robot: row.robot,
    state: resolvedAt !== null ? 'resolved' : acknowledgedAt !== null ? 'acknowledged' : 'open',
    refusal: readJsonColumn(Refusal, row.refusal),
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    count: Number(row.count),
    ...(acknowledgedAt !== null && {
      acknowledged: { at: acknowledgedAt, by: row.acknowledged_by, ...withReason(row.acknowledged_reason) },
    }),
    ...(resolvedAt !== null && {
      resolved: { at: resolvedAt, by: row.resolved_by, how: row.resolved_how, ...withReason(row.resolved_reason) },
    }),
  });
}

const withReason = (reason: string | null) => (reason === null ? {} : { reason });
