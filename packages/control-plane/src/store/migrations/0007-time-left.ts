import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A robot that waits for its grant uses up none of its time: what is left of it is kept until it counts again. */
export const timeLeft: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('deployments').addColumn('time_left_ms', 'bigint').execute();
  },
};
