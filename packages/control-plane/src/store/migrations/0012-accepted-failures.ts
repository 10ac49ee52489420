import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Which failures of a rollout a person has accepted. Before, only their number was known: these are asked about once more. */
export const acceptedFailures: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('deployments').addColumn('failure_accepted', 'integer').execute();
  },
};
