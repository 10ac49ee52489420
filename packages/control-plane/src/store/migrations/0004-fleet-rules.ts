import { AUDIT_START } from '@fairlead/shared/fleet/audit';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The fleet's rules as documents, and the audit log with the one row that all who append to it queue at. */
export const fleetRules: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('fleet_rules')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('fleet_rules_once', ['kind', 'name'])
      .execute();
    await db.schema
      .createTable('audit_log')
      // The rule "no entry is written twice", where no race can pass it.
      .addColumn('seq', 'bigint', (column) => column.primaryKey())
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('element', 'text', (column) => column.notNull())
      .addColumn('detail', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('loud', 'integer', (column) => column.notNull())
      .addColumn('prev_sha256', 'text', (column) => column.notNull())
      .addColumn('sha256', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('audit_log_loud').on('audit_log').columns(['loud', 'seq']).execute();
    await db.schema
      .createTable('audit_head')
      .addColumn('log', 'text', (column) => column.primaryKey())
      .addColumn('seq', 'bigint', (column) => column.notNull())
      .addColumn('sha256', 'text', (column) => column.notNull())
      .execute();
    const heads = db as Kysely<{ audit_head: { log: string; seq: number; sha256: string } }>;
    await heads
      .insertInto('audit_head')
      .values({ log: 'audit', ...AUDIT_START })
      .execute();
    await db.schema
      .createTable('audit_acknowledged')
      .addColumn('seq', 'bigint', (column) => column.notNull())
      .addColumn('person', 'text', (column) => column.notNull())
      .addColumn('at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_acknowledged_once', ['seq', 'person'])
      .execute();
  },
};
