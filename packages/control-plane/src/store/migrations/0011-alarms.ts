import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Alarms of robots. Those of before were written to the log alone. */
export const alarms: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('alarms')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('robot', 'text', (column) => column.notNull())
      .addColumn('component', 'text', (column) => column.notNull())
      .addColumn('category', 'text', (column) => column.notNull())
      .addColumn('element', 'text', (column) => column.notNull())
      .addColumn('refusal', 'text', (column) => column.notNull())
      .addColumn('first_seen', 'text', (column) => column.notNull())
      .addColumn('last_seen', 'text', (column) => column.notNull())
      .addColumn('count', 'integer', (column) => column.notNull())
      .addColumn('acknowledged_at', 'text')
      .addColumn('acknowledged_by', 'text')
      .addColumn('acknowledged_reason', 'text')
      .addColumn('resolved_at', 'text')
      .addColumn('resolved_by', 'text')
      .addColumn('resolved_how', 'text')
      .addColumn('resolved_reason', 'text')
      .execute();
    await db.schema
      .createIndex('alarms_unresolved')
      .unique()
      .on('alarms')
      .columns(['robot', 'component', 'category', 'element'])
      .where(sql.ref('resolved_at'), 'is', null)
      .execute();
    await db.schema.createIndex('alarms_of_robot').on('alarms').columns(['robot', 'id']).execute();
    await db.schema.createIndex('alarms_resolved').on('alarms').column('resolved_at').execute();
  },
};
