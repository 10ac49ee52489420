import { ComponentName, EnvironmentName, Sha256, Version } from '@fairlead/shared/ids';
import { fromTimestamp, toTimestamp } from '@fairlead/shared/time';
import { asTargetName, type TargetName } from '@fairlead/shared/trust/names';
import type { Kysely } from 'kysely';
import { readColumn } from './read-column.ts';
import type { PublishedRelease, ReleasesSlice } from './releases.ts';

interface ReleaseRow {
  environment: string;
  component: string;
  version: string;
  release_counter: number;
  target: string;
  manifest_sha256: string;
  manifest_length: number;
  bundle_sha256: string;
  bundle_size: number;
  file_list_sha256: string | null;
  size_on_disk: number;
  description: string | null;
  published_at: string;
  published_by: string;
  revoked_at: string | null;
  revoked_by: string | null;
}
export interface ReleaseTables {
  releases: ReleaseRow;
  checked_bundles: { manifest_sha256: string; checked_at: string };
}

export const kyselyReleases = (db: Kysely<ReleaseTables>): ReleasesSlice => ({
  async add(release) {
    await db
      .insertInto('releases')
      .values({
        environment: release.environment,
        component: release.component,
        version: release.version,
        release_counter: release.releaseCounter,
        target: release.target,
        manifest_sha256: release.manifestSha256,
        manifest_length: release.manifestLength,
        bundle_sha256: release.bundleSha256,
        bundle_size: release.bundleSize,
        file_list_sha256: release.fileListSha256 ?? null,
        size_on_disk: release.sizeOnDisk,
        description: release.description ?? null,
        published_at: toTimestamp(release.publishedAt),
        published_by: release.publishedBy,
        revoked_at: release.revoked ? toTimestamp(release.revoked.at) : null,
        revoked_by: release.revoked?.by ?? null,
      })
      .execute();
  },
  async revoke(target, { at, by }) {
    await db
      .updateTable('releases')
      .set({ revoked_at: toTimestamp(at), revoked_by: by })
      .where('target', '=', target)
      .where('revoked_at', 'is', null)
      .execute();
  },
  async find(environment, { component, version }) {
    const row = await db
      .selectFrom('releases')
      .selectAll()
      .where('environment', '=', environment)
      .where('component', '=', component)
      .where('version', '=', version)
      .executeTakeFirst();
    return row && toRelease(row);
  },
  async highestCounter(environment, component) {
    const { highest } = await db
      .selectFrom('releases')
      .select(({ fn }) => fn.max('release_counter').as('highest'))
      .where('environment', '=', environment)
      .where('component', '=', component)
      .executeTakeFirstOrThrow();
    return Number(highest ?? 0);
  },
  async list({ environment, component }, { after, limit }) {
    let query = db.selectFrom('releases').selectAll().orderBy('published_at', 'desc').orderBy('target', 'desc');
    if (environment !== undefined) query = query.where('environment', '=', environment);
    if (component !== undefined) query = query.where('component', '=', component);
    if (after !== undefined) {
      const at = toTimestamp(after.publishedAt);
      query = query.where(({ eb, or, and }) =>
        or([eb('published_at', '<', at), and([eb('published_at', '=', at), eb('target', '<', after.target)])]),
      );
    }
    return (await query.limit(limit).execute()).map(toRelease);
  },
  async ofTarget(target) {
    const row = await db.selectFrom('releases').selectAll().where('target', '=', target).executeTakeFirst();
    return row && toRelease(row);
  },
  async ofBlob(blob) {
    return (await withBlob(db, blob).selectAll().orderBy('target').execute()).map(toRelease);
  },
  async isBlobOf(environment, blob) {
    const release = withBlob(db, blob).select('target').where('environment', '=', environment);
    return (await release.limit(1).executeTakeFirst()) !== undefined;
  },
  async isBundleChecked(manifestSha256) {
    const row = await db
      .selectFrom('checked_bundles')
      .select('manifest_sha256')
      .where('manifest_sha256', '=', manifestSha256)
      .executeTakeFirst();
    return row !== undefined;
  },
  async rememberCheckedBundle(manifestSha256, at) {
    await db
      .insertInto('checked_bundles')
      .values({ manifest_sha256: manifestSha256, checked_at: toTimestamp(at) })
      .onConflict((conflict) => conflict.column('manifest_sha256').doNothing())
      .execute();
  },
});

const withBlob = (db: Kysely<ReleaseTables>, blob: Sha256) =>
  db
    .selectFrom('releases')
    .where(({ eb, or }) => or([eb('bundle_sha256', '=', blob), eb('file_list_sha256', '=', blob)]));

const toRelease = (row: ReleaseRow): PublishedRelease => ({
  environment: readColumn(EnvironmentName, row.environment),
  component: readColumn(ComponentName, row.component),
  version: readColumn(Version, row.version),
  releaseCounter: row.release_counter,
  target: readTargetName(row.target),
  manifestSha256: readColumn(Sha256, row.manifest_sha256),
  manifestLength: row.manifest_length,
  bundleSha256: readColumn(Sha256, row.bundle_sha256),
  // PostgreSQL answers bigint as text.
  bundleSize: Number(row.bundle_size),
  ...(row.file_list_sha256 !== null && { fileListSha256: readColumn(Sha256, row.file_list_sha256) }),
  sizeOnDisk: Number(row.size_on_disk),
  ...(row.description !== null && { description: row.description }),
  publishedAt: fromTimestamp(row.published_at),
  publishedBy: row.published_by,
  ...(row.revoked_at !== null && { revoked: { at: fromTimestamp(row.revoked_at), by: row.revoked_by ?? '' } }),
});

/** A target name read back from a column. */
export function readTargetName(text: string): TargetName {
  const name = asTargetName(text);
  if (name === undefined) throw new Error(`The database holds the impossible target name ${text}.`);
  return name;
}
