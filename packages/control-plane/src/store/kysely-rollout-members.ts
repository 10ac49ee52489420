/** Which robots take part in a rollout, in which cohort, and whose turn is next. */
import { Refusal } from '@fairlead/shared/failure';
import { DeploymentState } from '@fairlead/shared/fleet/states';
import { ComponentName, DeploymentId, RobotId, RolloutId, Sha256 } from '@fairlead/shared/ids';
import { ENDED_STATES } from '@fairlead/shared/rollout/states';
import type { Kysely, Selectable } from 'kysely';
import { type DeploymentTables, isCountedAs, toDeployment } from './kysely-deployments.ts';
import type { RolloutTables } from './kysely-rollouts.ts';
import { countUnplaced } from './kysely-tallies.ts';
import { readColumn, readJsonColumn } from './read-column.ts';
import type { Member, Rollouts, Updated } from './rollouts.ts';

export interface MemberRow {
  rollout: string;
  robot: string;
  rank: number;
  stage: number | null;
  deployment: string | null;
  excluded: string | null;
}
type Db = Kysely<RolloutTables & DeploymentTables>;

/** Only the newest rollout of each component is named. */
const LAST_FEW = 20;

type MemberKeys =
  | 'addMembers'
  | 'member'
  | 'members'
  | 'countMembers'
  | 'ofRobot'
  | 'leftOutOf'
  | 'takesAllOf'
  | 'updatedBy'
  | 'withoutStage'
  | 'takeIntoStage'
  | 'unplaced'
  | 'place'
  | 'exclude';

export function rolloutMembers(db: Db): Pick<Rollouts, MemberKeys> {
  const of = (rollout: RolloutId) => db.selectFrom('rollout_members').selectAll().where('rollout', '=', rollout);
  const change = (rollout: RolloutId, robot: RobotId, set: Partial<MemberRow>) =>
    db.updateTable('rollout_members').set(set).where('rollout', '=', rollout).where('robot', '=', robot).execute();
  return {
    async addMembers(rollout, members) {
      if (members.length === 0) return 0;
      const rows = members.map(({ robot, rank, stage, excluded }) => ({
        rollout,
        robot,
        rank,
        stage: stage ?? null,
        deployment: null,
        excluded: excluded ? JSON.stringify(excluded) : null,
      }));
      const insert = db
        .insertInto('rollout_members')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing());
      return Number((await insert.executeTakeFirst()).numInsertedOrUpdatedRows ?? 0n);
    },
    async member(rollout, robot) {
      const row = await of(rollout).where('robot', '=', robot).executeTakeFirst();
      return row && toMember(row);
    },
    async members(rollout, { stage, state, excluded }, { after, limit }) {
      let query = db
        .selectFrom('rollout_members')
        .leftJoin('deployments', 'deployments.deployment', 'rollout_members.deployment')
        .selectAll('deployments')
        .select([
          'rollout_members.robot as member',
          'rollout_members.rank as turn',
          'rollout_members.stage as cohort',
          'rollout_members.excluded',
        ])
        .where('rollout_members.rollout', '=', rollout)
        .orderBy('rollout_members.robot')
        .limit(limit);
      if (stage !== undefined) query = query.where('rollout_members.stage', '=', stage);
      if (state !== undefined) query = query.where(isCountedAs(state));
      if (excluded !== undefined) {
        query = query.where('rollout_members.excluded', excluded ? 'is not' : 'is', null);
      }
      if (after !== undefined) query = query.where('rollout_members.robot', '>', after);
      return (await query.execute()).map((row) => {
        const deployed =
          row.deployment === null ? undefined : toDeployment(row as Selectable<DeploymentTables['deployments']>);
        const member = toMember({ ...row, rollout, robot: row.member, rank: row.turn, stage: row.cohort });
        return { ...member, ...(deployed && { deployed }) };
      });
    },
    async countMembers(rollout) {
      const rows = await db
        .selectFrom('rollout_members')
        .select(({ fn }) => [fn.countAll().as('all'), fn.count('excluded').as('excluded')])
        .where('rollout', '=', rollout)
        .executeTakeFirstOrThrow();
      const excluded = Number(rows.excluded);
      return { members: Number(rows.all) - excluded, excluded };
    },
    async ofRobot(robot) {
      const rows = await db
        .selectFrom('rollout_members')
        .innerJoin('rollouts', 'rollouts.rollout', 'rollout_members.rollout')
        .select('rollouts.rollout')
        .where('rollout_members.robot', '=', robot)
        .where('rollouts.state', 'not in', [...ENDED_STATES])
        .execute();
      return rows.map((row) => readColumn(RolloutId, row.rollout));
    },
    async leftOutOf(robot) {
      const rows = await db
        .selectFrom('rollout_members')
        .innerJoin('rollouts', 'rollouts.rollout', 'rollout_members.rollout')
        .select('rollouts.rollout')
        .where('rollout_members.robot', '=', robot)
        .where('rollout_members.excluded', 'is not', null)
        .where('rollouts.state', 'in', ['completed', 'ended-without-robots'])
        .orderBy('rollouts.rollout', 'desc')
        .limit(LAST_FEW)
        .execute();
      return rows.map((row) => readColumn(RolloutId, row.rollout));
    },
    async takesAllOf(newer, older) {
      const left = await db
        .selectFrom('rollout_members as old')
        .leftJoin('deployments', 'deployments.deployment', 'old.deployment')
        .leftJoin('rollout_members as new', (join) =>
          join.onRef('new.robot', '=', 'old.robot').on('new.rollout', '=', newer).on('new.excluded', 'is', null),
        )
        .select('old.robot')
        .where('old.rollout', '=', older)
        .where('old.excluded', 'is', null)
        .where('new.robot', 'is', null)
        .where(({ eb, or }) =>
          or([
            eb('deployments.state', 'is', null),
            eb('deployments.state', 'not in', ['succeeded', 'degraded', 'skipped']),
          ]),
        )
        .limit(1)
        .executeTakeFirst();
      return left === undefined;
    },
    async updatedBy(rollout) {
      const rows = await db
        .selectFrom('deployments')
        .select(['robot', 'component', 'manifest_sha256', 'deployment', 'state', 'granted_at'])
        .where('rollout', '=', rollout)
        .where(({ eb, or }) => or([eb('granted_at', 'is not', null), eb('state', 'in', [...HAS_ACTED])]))
        .orderBy('robot')
        .orderBy('deployment')
        .execute();
      const last = new Map<string, Updated>();
      for (const row of rows) {
        const attempt = toUpdated(row);
        const before = last.get(attempt.robot);
        // Skipped at the first attempt it ran the release before this rollout; later, an earlier attempt had done it.
        if (attempt.state === 'skipped' && !before) continue;
        last.set(attempt.robot, attempt.state === 'skipped' ? { ...attempt, state: 'succeeded' } : attempt);
      }
      return [...last.values()];
    },
    async withoutStage(rollout, { after, limit }) {
      let query = of(rollout).where('deployment', 'is', null).where('stage', 'is', null).where('excluded', 'is', null);
      if (after) {
        query = query.where(({ eb, or, and }) =>
          or([eb('rank', '>', after.rank), and([eb('rank', '=', after.rank), eb('robot', '>', after.robot)])]),
        );
      }
      return (await query.orderBy('rank').orderBy('robot').limit(limit).execute()).map(toMember);
    },
    async takeIntoStage(rollout, stage, robots) {
      if (robots.length === 0) return;
      await db
        .updateTable('rollout_members')
        .set({ stage })
        .where('rollout', '=', rollout)
        .where('robot', 'in', [...robots])
        .execute();
      await countUnplaced(db, rollout, stage, robots.length);
    },
    async unplaced(rollout, { after, limit }) {
      let query = of(rollout)
        .where('deployment', 'is', null)
        .where('stage', 'is not', null)
        .where('excluded', 'is', null);
      if (after) {
        const { stage = 0, rank, robot } = after;
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('stage', 'rank', 'robot'), '>', tuple(stage, rank, robot)),
        );
      }
      return (await query.orderBy('stage').orderBy('rank').orderBy('robot').limit(limit).execute()).map(toMember);
    },
    async place(rollout, { robot, stage, deployment: before }, deployment) {
      await change(rollout, robot, { deployment: deployment ?? null });
      // One order may take the place of another.
      const unplaced = Number(deployment === undefined) - Number(before === undefined);
      if (stage !== undefined && unplaced !== 0) await countUnplaced(db, rollout, stage, unplaced);
    },
    async exclude(rollout, { robot, stage }, why) {
      await change(rollout, robot, { excluded: JSON.stringify(why) });
      if (stage !== undefined) await countUnplaced(db, rollout, stage, -1);
    },
  };
}

/** States that only the robot itself reports, from the switch on: an old agent does not wait for a grant. */
const HAS_ACTED: readonly DeploymentState[] = [
  'switching',
  'probation',
  'succeeded',
  'degraded',
  'failed',
  'rolled-back',
  'rejected',
  'skipped',
];

const toUpdated = (
  row: Pick<
    Selectable<DeploymentTables['deployments']>,
    'robot' | 'component' | 'manifest_sha256' | 'deployment' | 'state'
  >,
): Updated => ({
  robot: readColumn(RobotId, row.robot),
  component: readColumn(ComponentName, row.component),
  manifestSha256: readColumn(Sha256, row.manifest_sha256),
  deployment: readColumn(DeploymentId, row.deployment),
  state: readColumn(DeploymentState, row.state),
});

const toMember = (row: MemberRow): Member => ({
  robot: readColumn(RobotId, row.robot),
  rank: Number(row.rank),
  ...(row.stage !== null && { stage: row.stage }),
  ...(row.deployment !== null && { deployment: readColumn(DeploymentId, row.deployment) }),
  ...(row.excluded !== null && { excluded: readJsonColumn(Refusal, row.excluded) }),
});
