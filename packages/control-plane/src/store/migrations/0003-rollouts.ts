import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Rollouts, their robots, and what is counted of them. */
export const rollouts: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('rollouts')
      .addColumn('rollout', 'text', (column) => column.primaryKey())
      .addColumn('generation', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('component', 'text', (column) => column.notNull())
      .addColumn('record', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('rollouts_by_state').on('rollouts').columns(['state', 'rollout']).execute();
    await db.schema
      .createTable('rollout_members')
      .addColumn('rollout', 'text', (column) => column.notNull().references('rollouts.rollout'))
      .addColumn('robot', 'text', (column) => column.notNull().references('robots.robot'))
      .addColumn('rank', 'bigint', (column) => column.notNull())
      // Absent before its cohort is fixed.
      .addColumn('stage', 'integer')
      .addColumn('deployment', 'text')
      .addColumn('excluded', 'text')
      .addPrimaryKeyConstraint('rollout_members_once', ['rollout', 'robot'])
      .execute();
    // Whoever is next: of no cohort yet, or of a cohort and without an order.
    await db.schema
      .createIndex('rollout_members_by_turn')
      .on('rollout_members')
      .columns(['rollout', 'deployment', 'stage', 'rank'])
      .execute();
    await db.schema.createIndex('rollout_members_by_robot').on('rollout_members').column('robot').execute();
    await db.schema
      .createTable('rollout_events')
      .addColumn('rollout', 'text', (column) => column.notNull().references('rollouts.rollout'))
      .addColumn('ordinal', 'integer', (column) => column.notNull())
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('what', 'text', (column) => column.notNull())
      .addColumn('detail', 'text')
      .addPrimaryKeyConstraint('rollout_events_once', ['rollout', 'ordinal'])
      .execute();
    // Counted with every change, so that nobody counts ten thousand rows to learn that one changed.
    await db.schema
      .createTable('rollout_tallies')
      .addColumn('rollout', 'text', (column) => column.notNull().references('rollouts.rollout'))
      .addColumn('stage', 'integer', (column) => column.notNull())
      .addColumn('class', 'text', (column) => column.notNull())
      .addColumn('robots', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('rollout_tallies_once', ['rollout', 'stage', 'class'])
      .execute();
    await db.schema
      .createTable('rollout_drivers')
      .addColumn('rollout', 'text', (column) => column.primaryKey().references('rollouts.rollout'))
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'text', (column) => column.notNull())
      .execute();

    for (const column of ['rollout', 'ready_at', 'granted_at', 'deadline', 'override'] as const) {
      await db.schema.alterTable('deployments').addColumn(column, 'text').execute();
    }
    await db.schema.alterTable('deployments').addColumn('stage', 'integer').execute();
    await db.schema.alterTable('deployments').addColumn('rank', 'bigint').execute();
    // Set only while it holds, so that each index holds only the robots it is asked for.
    await db.schema.alterTable('deployments').addColumn('awaits_grant', 'integer').execute();
    await db.schema.alterTable('deployments').addColumn('in_budget', 'integer').execute();
    await db.schema
      .createIndex('deployments_awaiting_grant')
      .on('deployments')
      .columns(['rollout', 'awaits_grant', 'rank'])
      .execute();
    await db.schema.createIndex('deployments_in_budget').on('deployments').column('in_budget').execute();
    await db.schema.createIndex('deployments_by_deadline').on('deployments').columns(['rollout', 'deadline']).execute();
  },
};
