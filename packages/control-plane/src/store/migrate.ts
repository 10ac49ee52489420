/** Brings a database to the newest schema. Migrations are code, run once each, in the order of their names. */
import { Failure } from '@fairlead/shared/failure';
import { type Migration, Migrator } from 'kysely/migration';
import type { Database } from './database.ts';
import { peopleAndRobots } from './migrations/0001-people-and-robots.ts';
import { releasesAndDeployments } from './migrations/0002-releases-and-deployments.ts';
import { rollouts } from './migrations/0003-rollouts.ts';
import { fleetRules } from './migrations/0004-fleet-rules.ts';
import { presenceRevisions } from './migrations/0005-presence-revisions.ts';
import { seenRequests } from './migrations/0006-seen-requests.ts';
import { timeLeft } from './migrations/0007-time-left.ts';
import { abandonedReleases } from './migrations/0009-abandoned-releases.ts';
import { degradedDeployments } from './migrations/0010-degraded-deployments.ts';
import { alarms } from './migrations/0011-alarms.ts';
import { acceptedFailures } from './migrations/0012-accepted-failures.ts';
import { peopleHaveIds } from './migrations/0013-people-have-ids.ts';
import { blobsOfReleases } from './migrations/0015-blobs-of-releases.ts';

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-people-and-robots': peopleAndRobots,
  '0002-releases-and-deployments': releasesAndDeployments,
  '0003-rollouts': rollouts,
  '0004-fleet-rules': fleetRules,
  '0005-presence-revisions': presenceRevisions,
  '0006-seen-requests': seenRequests,
  '0007-time-left': timeLeft,
  '0009-abandoned-releases': abandonedReleases,
  '0010-degraded-deployments': degradedDeployments,
  '0011-alarms': alarms,
  '0012-accepted-failures': acceptedFailures,
  '0013-people-have-ids': peopleHaveIds,
  '0015-blobs-of-releases': blobsOfReleases,
};

/** Rejects, leaving the database as the last whole migration made it, where one fails or the file is from a newer version. */
export async function migrate(db: Database): Promise<void> {
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } }).migrateToLatest();
  if (error) throw explain(error);
}

function explain(cause: unknown): unknown {
  // Who may not get in, or make tables, has another problem than the schema.
  if (cause instanceof Failure) return cause;
  const newer = /previously executed migration (\S+) is missing/.exec(cause instanceof Error ? cause.message : '')?.[1];
  const what = 'The database could not be brought to the schema of this version';
  if (newer === undefined) return new Error(`${what}.`, { cause });
  return new Error(`${what}: a newer Fairlead has made it (${newer}). Install that version, or restore a backup.`, {
    cause,
  });
}
