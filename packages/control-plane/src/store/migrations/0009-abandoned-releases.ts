import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Releases that robots were rolled back from, and how many orders in a row repaired a difference. */
export const abandonedReleases: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('abandoned_releases')
      .addColumn('robot', 'text', (column) => column.notNull())
      .addColumn('component', 'text', (column) => column.notNull())
      .addColumn('manifest_sha256', 'text', (column) => column.notNull())
      .addColumn('version', 'text', (column) => column.notNull())
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('deployment', 'text')
      .addPrimaryKeyConstraint('abandoned_releases_once', ['robot', 'component', 'manifest_sha256'])
      .execute();
    await db.schema
      .createIndex('abandoned_releases_deployment')
      .on('abandoned_releases')
      .column('deployment')
      .execute();
    await db.schema.alterTable('deployments').addColumn('repairs', 'integer').execute();
  },
};
