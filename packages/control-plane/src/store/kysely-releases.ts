import { EnvironmentName, Sha256 } from '@fairlead/shared/ids';
import type { Kysely, Selectable } from 'kysely';
import { Type } from 'typebox';
import { ComponentName, Version } from '@fairlead/shared/ids';
import { asTargetName, type TargetName } from '@fairlead/shared/trust/names';
import type { PublishedRelease, ReleasesSlice } from './releases.ts';
import { readRow } from './row.ts';

export interface ReleaseTables {
  releases: {
    environment: string;
    component: string;
    version: string;
    release_counter: number;
    target: string;
    manifest_sha256: string;
    manifest_length: number;
    bundle_sha256: string;
    bundle_size: number;
    size_on_disk: number;
    description: string | null;
    published_at: string;
    published_by: string;
    revoked_at: string | null;
    revoked_by: string | null;
  };
  checked_bundles: { manifest_sha256: string; checked_at: string };
}

const Row = Type.Object({
  environment: EnvironmentName,
  component: ComponentName,
  version: Version,
  manifest_sha256: Sha256,
  bundle_sha256: Sha256,
});

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
        size_on_disk: release.sizeOnDisk,
        description: release.description ?? null,
        published_at: release.publishedAt,
        published_by: release.publishedBy,
        revoked_at: release.revoked?.at ?? null,
        revoked_by: release.revoked?.by ?? null,
      })
      .execute();
  },
  async revoke(target, { at, by }) {
    await db
      .updateTable('releases')
      .set({ revoked_at: at, revoked_by: by })
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
  async list({ environment, component }, { after, limit }) {
    const rows = await db
      .selectFrom('releases')
      .selectAll()
      .$if(environment !== undefined, (query) => query.where('environment', '=', environment ?? ''))
      .$if(component !== undefined, (query) => query.where('component', '=', component ?? ''))
      .$if(after !== undefined, (query) =>
        query.where(({ eb, or, and }) =>
          or([
            eb('published_at', '<', after?.publishedAt ?? ''),
            and([eb('published_at', '=', after?.publishedAt ?? ''), eb('target', '<', after?.target ?? '')]),
          ]),
        ),
      )
      .orderBy('published_at', 'desc')
      .orderBy('target', 'desc')
      .limit(limit)
      .execute();
    return rows.map(toRelease);
  },
  async ofTarget(target) {
    const row = await db.selectFrom('releases').selectAll().where('target', '=', target).executeTakeFirst();
    return row && toRelease(row);
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
      .values({ manifest_sha256: manifestSha256, checked_at: at })
      .onConflict((conflict) => conflict.column('manifest_sha256').doNothing())
      .execute();
  },
});

function toRelease(row: Selectable<ReleaseTables['releases']>): PublishedRelease {
  const { environment, component, version, manifest_sha256, bundle_sha256 } = readRow(Row, row);
  return {
    environment,
    component,
    version,
    releaseCounter: row.release_counter,
    target: targetName(row.target),
    manifestSha256: manifest_sha256,
    manifestLength: row.manifest_length,
    bundleSha256: bundle_sha256,
    // PostgreSQL answers bigint as text.
    bundleSize: Number(row.bundle_size),
    sizeOnDisk: Number(row.size_on_disk),
    ...(row.description !== null && { description: row.description }),
    publishedAt: row.published_at,
    publishedBy: row.published_by,
    ...(row.revoked_at !== null && { revoked: { at: row.revoked_at, by: row.revoked_by ?? '' } }),
  };
}

export function targetName(text: string): TargetName {
  const name = asTargetName(text);
  if (name === undefined) throw new Error(`The database holds the impossible target name ${text}.`);
  return name;
}
