import { ComponentName, DeploymentId, RobotId, Sha256, Version } from '@fairlead/shared/ids';
import { fromTimestamp, toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import type { AbandonedRelease, AbandonedSlice } from './abandoned.ts';
import { readColumn } from './read-column.ts';

interface AbandonedRow {
  robot: string;
  component: string;
  manifest_sha256: string;
  version: string;
  at: string;
  by: string;
  reason: string | null;
  deployment: string | null;
}
export interface AbandonedTables {
  abandoned_releases: AbandonedRow;
}

export const kyselyAbandoned = (db: Kysely<AbandonedTables>): AbandonedSlice => ({
  async of(robot, component) {
    const rows = await db
      .selectFrom('abandoned_releases')
      .selectAll()
      .where('robot', '=', robot)
      .where('component', '=', component)
      .orderBy('at', 'desc')
      .execute();
    return rows.map(toAbandoned);
  },
  async save(release) {
    const row = fromAbandoned(release);
    const { version, at, by, reason, deployment } = row;
    await db
      .insertInto('abandoned_releases')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['robot', 'component', 'manifest_sha256'])
          .doUpdateSet({ version, at, by, reason, deployment }),
      )
      .execute();
    await keepNewest(db, release.robot);
  },
  async forget({ robot, component, manifestSha256 }, orderedAt) {
    await db
      .deleteFrom('abandoned_releases')
      .where('robot', '=', robot)
      .where('component', '=', component)
      .where('manifest_sha256', '=', manifestSha256)
      .where('at', '<', toTimestamp(orderedAt))
      .execute();
  },
  async forgetLeftBy(deployment) {
    await db.deleteFrom('abandoned_releases').where('deployment', '=', deployment).execute();
  },
});

/** A robot that invents rollbacks must not fill the database: its oldest make room. */
export const MOST_ABANDONED_PER_ROBOT = 500;

async function keepNewest(db: Kysely<AbandonedTables>, robot: RobotId): Promise<void> {
  const oldest = await db
    .selectFrom('abandoned_releases')
    .select(['component', 'manifest_sha256'])
    .where('robot', '=', robot)
    .orderBy('at', 'desc')
    .offset(MOST_ABANDONED_PER_ROBOT)
    .limit(100)
    .execute();
  for (const { component, manifest_sha256: sha256 } of oldest) {
    await db
      .deleteFrom('abandoned_releases')
      .where('robot', '=', robot)
      .where('component', '=', component)
      .where('manifest_sha256', '=', sha256)
      .execute();
  }
}

const toAbandoned = (row: AbandonedRow): AbandonedRelease => ({
  robot: readColumn(RobotId, row.robot),
  component: readColumn(ComponentName, row.component),
  version: readColumn(Version, row.version),
  manifestSha256: readColumn(Sha256, row.manifest_sha256),
  at: fromTimestamp(row.at),
  by: row.by,
  ...(row.reason !== null && { reason: row.reason }),
  ...(row.deployment !== null && { deployment: readColumn(DeploymentId, row.deployment) }),
});

const fromAbandoned = (of: AbandonedRelease): AbandonedRow => ({
  robot: of.robot,
  component: of.component,
  manifest_sha256: of.manifestSha256,
  version: of.version,
  at: toTimestamp(of.at),
  by: of.by,
  reason: of.reason ?? null,
  deployment: of.deployment ?? null,
});
