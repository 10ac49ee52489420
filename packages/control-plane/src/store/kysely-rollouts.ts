import type { RolloutId } from '@fairlead/shared/ids';
import { Rollout } from '@fairlead/shared/rollout/rollout';
import { ENDED_STATES } from '@fairlead/shared/rollout/states';
import { fromTimestamp, MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import type { DeploymentTables } from './kysely-deployments.ts';
import type { DesiredTables } from './kysely-desired.ts';
import type { RobotTables } from './kysely-robots.ts';
import { rolloutDeployments } from './kysely-rollout-deployments.ts';
import { type MemberRow, rolloutMembers } from './kysely-rollout-members.ts';
import type { SettingsTables } from './kysely-settings.ts';
import { readJsonColumn } from './read-column.ts';
import type { RolloutEventRecord, Rollouts } from './rollouts.ts';

export interface RolloutTables {
  rollouts: { rollout: string; generation: number; state: string; component: string; record: string };
  rollout_members: MemberRow;
  rollout_events: {
    rollout: string;
    ordinal: number;
    at: string;
    by: string;
    what: string;
    detail: string | null;
  };
  rollout_drivers: { rollout: string; holder: string; expires_at: string };
}
type Db = Kysely<RolloutTables & DeploymentTables & DesiredTables & RobotTables & SettingsTables>;

export const kyselyRollouts = (db: Db): Rollouts => ({
  ...rolloutRecords(db),
  ...rolloutMembers(db),
  ...rolloutDeployments(db),
});

type RecordKeys = 'insert' | 'find' | 'list' | 'active' | 'replace' | 'events' | 'drive';

function rolloutRecords(db: Db): Pick<Rollouts, RecordKeys> {
  const append = async (rollout: RolloutId, event: RolloutEventRecord) => {
    const { last } = await db
      .selectFrom('rollout_events')
      .select(({ fn }) => fn.max('ordinal').as('last'))
      .where('rollout', '=', rollout)
      .executeTakeFirstOrThrow();
    const { at, by, what, detail } = event;
    const row = { rollout, ordinal: Number(last ?? 0) + 1, at: toTimestamp(at), by, what, detail: detail ?? null };
    await db.insertInto('rollout_events').values(row).execute();
  };
  return {
    async insert(rollout, event) {
      await db.insertInto('rollouts').values(toRow(rollout)).execute();
      await append(rollout.rollout, event);
    },
    async find(rollout) {
      const row = await db.selectFrom('rollouts').select('record').where('rollout', '=', rollout).executeTakeFirst();
      return row && readJsonColumn(Rollout, row.record);
    },
    async list({ state, component }, { after, limit }) {
      let query = db.selectFrom('rollouts').select('record').orderBy('rollout', 'desc').limit(limit);
      if (state !== undefined) query = query.where('state', '=', state);
      if (component !== undefined) query = query.where('component', '=', component);
      if (after !== undefined) query = query.where('rollout', '<', after);
      return (await query.execute()).map(({ record }) => readJsonColumn(Rollout, record));
    },
    async active() {
      const rows = db
        .selectFrom('rollouts')
        .select('record')
        .where('state', 'not in', [...ENDED_STATES]);
      return (await rows.orderBy('rollout').execute()).map(({ record }) => readJsonColumn(Rollout, record));
    },
    async replace(next, event) {
      // Never the key itself: SQLite would look through every row of every table that refers to it.
      const { rollout: _key, ...changes } = toRow(next);
      const replaced = await db
        .updateTable('rollouts')
        .set(changes)
        .where('rollout', '=', next.rollout)
        .where('generation', '=', next.generation - 1)
        .executeTakeFirst();
      if (replaced.numUpdatedRows === 0n) return false;
      if (event) await append(next.rollout, event);
      return true;
    },
    async events(rollout) {
      const rows = db.selectFrom('rollout_events').selectAll().where('rollout', '=', rollout);
      return (await rows.orderBy('ordinal').execute()).map(({ at, by, what, detail }) => ({
        at: fromTimestamp(at),
        by,
        what,
        ...(detail !== null && { detail }),
      }));
    },
    async drive(rollout, holder, now, until) {
      const lease = { rollout, holder, expires_at: toTimestamp(until) };
      const taken = await db
        .insertInto('rollout_drivers')
        .values(lease)
        .onConflict((conflict) =>
          conflict
            .column('rollout')
            .doUpdateSet(lease)
            .where(({ eb, or }) =>
              or([
                eb('rollout_drivers.holder', '=', holder),
                eb('rollout_drivers.expires_at', '<', toTimestamp(now)),
                eb('rollout_drivers.expires_at', '>', toTimestamp(until + MINUTE)),
              ]),
            ),
        )
        .executeTakeFirst();
      return taken.numInsertedOrUpdatedRows === 1n;
    },
  };
}

const toRow = (rollout: Rollout): RolloutTables['rollouts'] => ({
  rollout: rollout.rollout,
  generation: rollout.generation,
  state: rollout.state,
  component: rollout.spec.component,
  record: JSON.stringify(rollout),
});
