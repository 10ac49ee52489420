import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Lets a replica read what the others heard since it last looked. */
export const presenceRevisions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('revisions')
      .addColumn('of', 'text', (column) => column.primaryKey())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .alterTable('robot_presence')
      .addColumn('revision', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.createIndex('robot_presence_by_revision').on('robot_presence').column('revision').execute();
  },
};
