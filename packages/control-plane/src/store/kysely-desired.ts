import type { RobotId } from '@fairlead/shared/ids';
import type { Kysely } from 'kysely';
import type { Deployment } from './deployments.ts';
import type { DesiredSlice } from './desired.ts';
import { type DeploymentRow, type DeploymentTables, toDeployment } from './kysely-deployments.ts';

export interface DesiredTables {
  robot_orders: { robot: string; generation: number };
  desired: { robot: string; component: string; deployment: string };
}

export const kyselyDesired = (db: Kysely<DesiredTables & DeploymentTables>): DesiredSlice => ({
  async of(robot) {
    // One statement is one snapshot: two could pair an old generation with new content.
    const rows = await db
      .selectFrom('robot_orders')
      .leftJoin('desired', 'desired.robot', 'robot_orders.robot')
      .leftJoin('deployments', 'deployments.deployment', 'desired.deployment')
      .select('robot_orders.generation')
      .selectAll('deployments')
      .where('robot_orders.robot', '=', robot)
      .orderBy('desired.component')
      .execute();
    const deployments = rows.flatMap((row) => (isJoined(row) ? [toDeployment(row)] : []));
    return { generation: Number(rows[0]?.generation ?? 0), deployments };
  },
  async named(robots) {
    return byRobot(robots.length === 0 ? [] : await ordered(db).where('desired.robot', 'in', robots).execute());
  },
  async all() {
    return byRobot(await ordered(db).execute());
  },
  async raise(robot, atLeast = 0) {
    const insert = db.insertInto('robot_orders').values({ robot, generation: Math.max(1, atLeast) });
    const { generation } = await insert
      .onConflict((conflict) =>
        conflict.column('robot').doUpdateSet(({ eb, ref }) => ({
          generation: eb
            .case()
            .when(ref('robot_orders.generation'), '<', atLeast)
            .then(atLeast)
            .else(eb(ref('robot_orders.generation'), '+', 1))
            .end(),
        })),
      )
      .returning('generation')
      .executeTakeFirstOrThrow();
    return Number(generation);
  },
  async set(robot, component, deployment) {
    const insert = db.insertInto('desired').values({ robot, component, deployment });
    await insert
      .onConflict((conflict) => conflict.columns(['robot', 'component']).doUpdateSet({ deployment }))
      .execute();
  },
  async unset(robot, component) {
    await db.deleteFrom('desired').where('robot', '=', robot).where('component', '=', component).execute();
  },
});

const ordered = (db: Kysely<DesiredTables & DeploymentTables>) =>
  db
    .selectFrom('desired')
    .innerJoin('deployments', 'deployments.deployment', 'desired.deployment')
    .selectAll('deployments')
    .orderBy('desired.robot')
    .orderBy('desired.component');

function byRobot(rows: readonly DeploymentRow[]): ReadonlyMap<RobotId, readonly Deployment[]> {
  const all = new Map<RobotId, Deployment[]>();
  for (const row of rows) {
    const deployment = toDeployment(row);
    const others = all.get(deployment.robot);
    if (others) others.push(deployment);
    else all.set(deployment.robot, [deployment]);
  }
  return all;
}

/** A robot without any desired component still has its row, joined with nothing. */
const isJoined = <Row extends { deployment: string | null }>(row: Row): row is Row & Filled<Row> =>
  row.deployment !== null;
type PartColumn =
  | 'rollout'
  | 'stage'
  | 'rank'
  | 'ready_at'
  | 'granted_at'
  | 'deadline'
  | 'override'
  | 'awaits_grant'
  | 'in_budget';
type Filled<Row> = {
  [K in keyof Row]: K extends 'reason' | 'ended_at' | 'refusal' | 'repairs' | PartColumn ? Row[K] : NonNullable<Row[K]>;
};
