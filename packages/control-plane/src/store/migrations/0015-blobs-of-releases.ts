import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

interface Before {
  releases: { target: string; manifest_sha256: string; file_list_sha256: string | null };
  tuf_targets: { name: string; sha256: string; text: string };
}

/** Which release a blob belongs to is asked for each download: robots read the blobs of their own environment only. */
export const blobsOfReleases: Migration = {
  async up(db: Kysely<Before>) {
    await db.schema.alterTable('releases').addColumn('file_list_sha256', 'text').execute();
    const manifests = await db
      .selectFrom('releases')
      .innerJoin('tuf_targets', (join) =>
        join
          .onRef('tuf_targets.name', '=', 'releases.target')
          .onRef('tuf_targets.sha256', '=', 'releases.manifest_sha256'),
      )
      .select(['releases.target', 'tuf_targets.text'])
      .where('tuf_targets.text', 'like', '%"fileList"%')
      .execute();
    for (const { target, text } of manifests) {
      const { fileList } = JSON.parse(text) as { fileList?: { sha256?: string } };
      if (typeof fileList?.sha256 !== 'string') continue;
      await db
        .updateTable('releases')
        .set({ file_list_sha256: fileList.sha256 })
        .where('target', '=', target)
        .execute();
    }
    await sql`create index releases_by_bundle on releases (bundle_sha256)`.execute(db);
    await sql`create index releases_by_file_list on releases (file_list_sha256)`.execute(db);
  },
};
