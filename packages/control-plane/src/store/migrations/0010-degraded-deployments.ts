import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Why a committed release is degraded, and the robots of a stage that soaks. */
export const degradedDeployments: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('deployments').addColumn('degraded_by', 'text').execute();
    await db.schema
      .createIndex('deployments_by_stage')
      .on('deployments')
      .columns(['rollout', 'stage', 'state', 'deployment'])
      .execute();
  },
};
