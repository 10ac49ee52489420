/** The deployments of a rollout, as its engine asks for them: each question is one index. */
import { type DeploymentState, isTerminal, TERMINAL_DEPLOYMENT_STATES } from '@fairlead/shared/fleet/states';
import { DeploymentId, RobotId, type RolloutId } from '@fairlead/shared/ids';
import { FAILED_STATES } from '@fairlead/shared/rollout/tally';
import { fromTimestamp, toTimestamp } from '@fairlead/shared/time';
import type { ExpressionBuilder, Kysely } from 'kysely';
import { type DeploymentTables, isCountedAs, toDeployment } from './kysely-deployments.ts';
import type { DesiredTables } from './kysely-desired.ts';
import type { RobotTables } from './kysely-robots.ts';
import type { RolloutTables } from './kysely-rollouts.ts';
import type { SettingsTables } from './kysely-settings.ts';
import { countAccepted, countStaging, readTallies } from './kysely-tallies.ts';
import { readColumn } from './read-column.ts';
import type { Rollouts, WatchedRobot } from './rollouts.ts';

type Db = Kysely<DeploymentTables & DesiredTables & RobotTables & SettingsTables & Pick<RolloutTables, 'rollouts'>>;

type DeploymentKeys =
  | 'tallies'
  | 'staging'
  | 'awaitingGrant'
  | 'inBudget'
  | 'lockBudgets'
  | 'overdue'
  | 'overdueWithoutDriver'
  | 'countOverdue'
  | 'nextDeadline'
  | 'renewDeadlines'
  | 'acceptFailures'
  | 'watched'
  | 'open'
  | 'raiseOpen';

export function rolloutDeployments(db: Db): Pick<Rollouts, DeploymentKeys> {
  const due = (rollout: RolloutId) => db.selectFrom('deployments').where('rollout', '=', rollout);
  return {
    tallies: (rollout) => readTallies(db, rollout),
    staging: () => countStaging(db),
    async awaitingGrant(rollout, { after, limit }) {
      let query = due(rollout).selectAll().where('awaits_grant', '=', 1).orderBy('rank').limit(limit);
      if (after !== undefined) query = query.where('rank', '>', after);
      return (await query.execute()).map(toDeployment);
    },
    async inBudget() {
      const rows = await db.selectFrom('deployments').select('robot').where('in_budget', '=', 1).execute();
      return rows.map(({ robot }) => readColumn(RobotId, robot));
    },
    async lockBudgets() {
      const row = { key: 'budgets-lock', value: '0' };
      await db
        .insertInto('settings')
        .values(row)
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: '0' }))
        .execute();
    },
    async overdue(rollout, now, limit) {
      const query = due(rollout).selectAll().where('deadline', '<=', toTimestamp(now)).orderBy('deadline');
      return (await query.limit(limit).execute()).map(toDeployment);
    },
    async overdueWithoutDriver(now, limit) {
      const query = db
        .selectFrom('deployments')
        .innerJoin('rollouts', 'rollouts.rollout', 'deployments.rollout')
        .selectAll('deployments')
        .where('deployments.in_budget', '=', 1)
        .where('deployments.deadline', '<=', toTimestamp(now))
        .where('rollouts.state', '!=', 'running')
        .orderBy('deployments.deadline')
        .limit(limit);
      return (await query.execute()).map(toDeployment);
    },
    async countOverdue(rollout, now) {
      const query = due(rollout)
        .select(({ fn }) => fn.countAll().as('robots'))
        .where('deadline', '<=', toTimestamp(now));
      return Number((await query.executeTakeFirstOrThrow()).robots);
    },
    async nextDeadline(rollout) {
      const query = due(rollout).select('deadline').where('deadline', 'is not', null).orderBy('deadline').limit(1);
      const row = await query.executeTakeFirst();
      return row?.deadline ? fromTimestamp(row.deadline) : undefined;
    },
    async renewDeadlines(rollout, deadline) {
      await db
        .updateTable('deployments')
        .set({ deadline: toTimestamp(deadline) })
        .where('rollout', '=', rollout)
        .where('deadline', '<', toTimestamp(deadline))
        .execute();
    },
    async acceptFailures(rollout) {
      for (const state of FAILED_STATES) {
        const failed = (eb: ExpressionBuilder<DeploymentTables, 'deployments'>) => isNewFailure(eb, state);
        const stages = await due(rollout)
          .select(({ fn }) => ['stage', fn.countAll().as('robots')])
          .where(failed)
          .groupBy('stage')
          .execute();
        const update = db.updateTable('deployments').set({ failure_accepted: 1 }).where('rollout', '=', rollout);
        if (stages.length > 0) await update.where(failed).execute();
        for (const { stage, robots } of stages) {
          if (stage !== null) await countAccepted(db, rollout, stage, { state, robots: Number(robots) });
        }
      }
    },
    async watched(rollout, stage, { after, limit }) {
      let query = due(rollout)
        .leftJoin('desired', (join) =>
          join
            .onRef('desired.robot', '=', 'deployments.robot')
            .onRef('desired.deployment', '=', 'deployments.deployment'),
        )
        .leftJoin('robots', 'robots.robot', 'deployments.robot')
        .select([
          'deployments.robot',
          'deployments.deployment',
          'desired.deployment as ordered',
          'robots.lifecycle',
          'robots.quarantined',
        ])
        .where('stage', '=', stage)
        .where('state', '=', 'succeeded')
        .orderBy('deployments.deployment')
        .limit(limit);
      if (after !== undefined) query = query.where('deployments.deployment', '>', after);
      return (await query.execute()).map((row): WatchedRobot => {
        const departed = departedAs(row);
        return {
          robot: readColumn(RobotId, row.robot),
          deployment: readColumn(DeploymentId, row.deployment),
          ...(departed && { departed }),
        };
      });
    },
    async open(rollout, { after, limit }) {
      let query = due(rollout)
        .selectAll()
        .where('state', 'not in', [...TERMINAL_DEPLOYMENT_STATES])
        .orderBy('deployment')
        .limit(limit);
      if (after !== undefined) query = query.where('deployment', '>', after);
      return (await query.execute()).map(toDeployment).filter(({ state }) => !isTerminal(state));
    },
    async raiseOpen(rollout) {
      const robots = due(rollout)
        .select('robot')
        .where('state', 'not in', [...TERMINAL_DEPLOYMENT_STATES]);
      await db
        .updateTable('robot_orders')
        .set(({ eb, ref }) => ({ generation: eb(ref('generation'), '+', 1) }))
        .where('robot', 'in', robots)
        .execute();
      return (await robots.execute()).map(({ robot }) => readColumn(RobotId, robot));
    },
  };
}

/** What a gate counts as a failure with this state, and nobody has accepted yet. */
const isNewFailure = (eb: ExpressionBuilder<DeploymentTables, 'deployments'>, state: DeploymentState) =>
  eb.and([
    eb('stage', 'is not', null),
    eb('failure_accepted', 'is', null),
    isCountedAs(state),
    ...(state === 'timed-out' ? [eb('granted_at', 'is not', null)] : []),
  ]);

function departedAs(row: {
  readonly ordered: string | null;
  readonly lifecycle: string | null;
  readonly quarantined: string | null;
}): WatchedRobot['departed'] {
  if (row.lifecycle !== 'accepted') return 'decommissioned';
  if (row.quarantined !== null) return 'quarantined';
  return row.ordered === null ? 'not-ordered' : undefined;
}
