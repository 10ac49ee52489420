import { Refusal } from '@fairlead/shared/failure';
import { Degradation } from '@fairlead/shared/fleet/degradation';
import { DeploymentState, isTerminal } from '@fairlead/shared/fleet/states';
import {
  ComponentName,
  DeploymentId,
  EnvironmentName,
  RobotId,
  RolloutId,
  Sha256,
  Version,
} from '@fairlead/shared/ids';
import { fromTimestamp, type Instant, toTimestamp } from '@fairlead/shared/time';
import { ComponentOrder } from '@fairlead/shared/trust/assignment';
import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import { Type } from 'typebox';
import type { Deployment, DeploymentEventRecord, Deployments, RolloutPart } from './deployments.ts';
import { readTargetName } from './kysely-releases.ts';
import { countChange, isAwaitingGrant, isInBudget, type TallyTables } from './kysely-tallies.ts';
import { readColumn, readJsonColumn } from './read-column.ts';

export interface DeploymentRow {
  deployment: string;
  robot: string;
  environment: string;
  component: string;
  version: string;
  target: string;
  manifest_sha256: string;
  manifest_length: number;
  kind: string;
  allow_downgrade: number;
  state: string;
  created_at: string;
  created_by: string;
  reason: string | null;
  ended_at: string | null;
  refusal: string | null;
  repairs: number | null;
  degraded_by: string | null;
  rollout: string | null;
  stage: number | null;
  rank: number | null;
  ready_at: string | null;
  granted_at: string | null;
  deadline: string | null;
  time_left_ms: number | string | null;
  override: string | null;
  awaits_grant: number | null;
  in_budget: number | null;
  failure_accepted: number | null;
}
interface EventRow {
  deployment: string;
  ordinal: number;
  at: string;
  state: string;
  by: string;
  refusal: string | null;
}
/** Whether the state that people see of a row is this one: `countedState` in SQL. */
export function isCountedAs(state: DeploymentState): RawBuilder<SqlBool> {
  const [of, findings] = [sql.ref('deployments.state'), sql.ref('deployments.degraded_by')];
  if (state === 'degraded') return sql`(${of} = 'degraded' or (${of} = 'skipped' and ${findings} is not null))`;
  return state === 'skipped' ? sql`(${of} = 'skipped' and ${findings} is null)` : sql`${of} = ${state}`;
}

export interface DeploymentTables extends TallyTables {
  deployments: DeploymentRow;
  deployment_events: EventRow;
}

export const kyselyDeployments = (db: Kysely<DeploymentTables>): Deployments => ({
  async find(deployment) {
    const row = await db.selectFrom('deployments').selectAll().where('deployment', '=', deployment).executeTakeFirst();
    return row && toDeployment(row);
  },
  async list({ robot, component, state }, { after, limit }) {
    // Ids begin with the time they were made: their order is the order of creation.
    let query = db.selectFrom('deployments').selectAll().orderBy('deployment', 'desc').limit(limit);
    if (robot !== undefined) query = query.where('robot', '=', robot);
    if (component !== undefined) query = query.where('component', '=', component);
    if (state !== undefined) query = query.where(isCountedAs(state));
    if (after !== undefined) query = query.where('deployment', '<', after);
    return (await query.execute()).map(toDeployment);
  },
  async counts() {
    const rows = await db
      .selectFrom('deployments')
      .select(({ fn }) => ['state', fn.countAll().as('count')])
      .groupBy('state')
      .execute();
    return new Map(rows.map((row) => [readColumn(DeploymentState, row.state), Number(row.count)]));
  },
  async events(deployment) {
    const rows = db.selectFrom('deployment_events').selectAll().where('deployment', '=', deployment);
    return (await rows.orderBy('ordinal').execute()).map(toEvent);
  },
  async save(deployment, event) {
    const row = fromDeployment(deployment);
    if (deployment.part) {
      await countChange(db, await tallied(db, deployment.deployment), deployment);
    }
    const insert = db.insertInto('deployments').values(row);
    // Never the key itself: SQLite would look through every row of every table that refers to it.
    const { deployment: _key, robot: _robot, ...changes } = row;
    await insert.onConflict((conflict) => conflict.column('deployment').doUpdateSet(changes)).execute();
    if (!event) return;
    const { last } = await db
      .selectFrom('deployment_events')
      .select(({ fn }) => fn.max('ordinal').as('last'))
      .where('deployment', '=', deployment.deployment)
      .executeTakeFirstOrThrow();
    const ordinal = Number(last ?? 0) + 1;
    await db
      .insertInto('deployment_events')
      .values(fromEvent(deployment.deployment, ordinal, event))
      .execute();
    if (ordinal > FIRST_EVENTS + NEWEST_EVENTS) await forgetMiddle(db, deployment.deployment, ordinal - NEWEST_EVENTS);
  },
});

/**
 * Events that are kept of one deployment: how it began, and the newest. A robot whose health changes all day must not fill
 * the database, nor the memory of whoever reads its history.
 */
export const FIRST_EVENTS = 50;
export const NEWEST_EVENTS = 450;

const forgetMiddle = (db: Kysely<DeploymentTables>, deployment: DeploymentId, until: number) =>
  db
    .deleteFrom('deployment_events')
    .where('deployment', '=', deployment)
    .where('ordinal', '>', FIRST_EVENTS)
    .where('ordinal', '<=', until)
    .execute();

const tallied = async (db: Kysely<DeploymentTables>, deployment: DeploymentId): Promise<Deployment | undefined> => {
  const row = await db.selectFrom('deployments').selectAll().where('deployment', '=', deployment).executeTakeFirst();
  return row && toDeployment(row);
};

export const toDeployment = (row: DeploymentRow): Deployment => ({
  deployment: readColumn(DeploymentId, row.deployment),
  robot: readColumn(RobotId, row.robot),
  environment: readColumn(EnvironmentName, row.environment),
  component: readColumn(ComponentName, row.component),
  version: readColumn(Version, row.version),
  target: readTargetName(row.target),
  manifestSha256: readColumn(Sha256, row.manifest_sha256),
  manifestLength: row.manifest_length,
  kind: readColumn(Type.Enum(['deploy', 'rollback']), row.kind),
  allowDowngrade: row.allow_downgrade !== 0,
  state: readColumn(DeploymentState, row.state),
  createdAt: fromTimestamp(row.created_at),
  createdBy: row.created_by,
  ...(row.reason !== null && { reason: row.reason }),
  ...(row.ended_at !== null && { endedAt: fromTimestamp(row.ended_at) }),
  ...(row.refusal !== null && { refusal: readJsonColumn(Refusal, row.refusal) }),
  ...(row.repairs !== null && { repairs: Number(row.repairs) }),
  ...(row.degraded_by !== null && { degradedBy: readJsonColumn(Degradations, row.degraded_by) }),
  ...(row.rollout !== null && { part: toPart(row, row.rollout) }),
  ...(row.override !== null && { override: readJsonColumn(Override, row.override) }),
});

const Degradations = Type.Array(Degradation);
const Override = ComponentOrder.properties.override;

const toPart = (row: DeploymentRow, rollout: string): RolloutPart => ({
  rollout: readColumn(RolloutId, rollout),
  ...(row.stage !== null && { stage: row.stage }),
  rank: Number(row.rank),
  ...(row.ready_at !== null && { readyAt: fromTimestamp(row.ready_at) }),
  ...(row.granted_at !== null && { grantedAt: fromTimestamp(row.granted_at) }),
  ...(row.failure_accepted !== null && { failureAccepted: true }),
  deadline: readDeadline(row),
});

/** The clock of a robot that awaits its grant stands still, at what it had left when it was ready. */
function readDeadline({ deadline, ready_at, time_left_ms }: DeploymentRow): Instant {
  if (deadline !== null) return fromTimestamp(deadline);
  return ready_at === null || time_left_ms === null ? Infinity : fromTimestamp(ready_at) + Number(time_left_ms);
}

const fromPart = (of: Deployment): Pick<DeploymentRow, keyof typeof NO_PART> => {
  const { part } = of;
  if (!part) return NO_PART;
  const ends = isTerminal(of.state) || part.deadline === Infinity ? undefined : part.deadline;
  const waitsSince = isAwaitingGrant(of) ? part.readyAt : undefined;
  return {
    rollout: part.rollout,
    stage: part.stage ?? null,
    rank: part.rank,
    ready_at: part.readyAt === undefined ? null : toTimestamp(part.readyAt),
    granted_at: part.grantedAt === undefined ? null : toTimestamp(part.grantedAt),
    time_left_ms: ends === undefined || waitsSince === undefined ? null : ends - waitsSince,
    // These three are indices: set only while they mean something.
    deadline: ends === undefined || waitsSince !== undefined ? null : toTimestamp(ends),
    awaits_grant: isAwaitingGrant(of) ? 1 : null,
    in_budget: isInBudget(of) ? 1 : null,
    failure_accepted: part.failureAccepted ? 1 : null,
  };
};
const NO_PART = {
  rollout: null,
  stage: null,
  rank: null,
  ready_at: null,
  granted_at: null,
  time_left_ms: null,
  deadline: null,
  awaits_grant: null,
  in_budget: null,
  failure_accepted: null,
} as const;

const fromDeployment = (of: Deployment): DeploymentRow => ({
  deployment: of.deployment,
  robot: of.robot,
  environment: of.environment,
  component: of.component,
  version: of.version,
  target: of.target,
  manifest_sha256: of.manifestSha256,
  manifest_length: of.manifestLength,
  kind: of.kind,
  allow_downgrade: of.allowDowngrade ? 1 : 0,
  state: of.state,
  created_at: toTimestamp(of.createdAt),
  created_by: of.createdBy,
  reason: of.reason ?? null,
  ended_at: of.endedAt === undefined ? null : toTimestamp(of.endedAt),
  refusal: of.refusal ? JSON.stringify(of.refusal) : null,
  repairs: of.repairs ?? null,
  degraded_by: of.degradedBy ? JSON.stringify(of.degradedBy) : null,
  ...fromPart(of),
  override: of.override ? JSON.stringify(of.override) : null,
});

const toEvent = (row: EventRow): DeploymentEventRecord => ({
  at: fromTimestamp(row.at),
  state: readColumn(DeploymentState, row.state),
  by: row.by,
  ...(row.refusal !== null && { refusal: readJsonColumn(Refusal, row.refusal) }),
});

const fromEvent = (deployment: DeploymentId, ordinal: number, event: DeploymentEventRecord): EventRow => ({
  deployment,
  ordinal,
  at: toTimestamp(event.at),
  state: event.state,
  by: event.by,
  refusal: event.refusal ? JSON.stringify(event.refusal) : null,
});
