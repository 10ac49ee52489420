import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Robot requests that were accepted, by the second in which they were signed: new rows lie side by side and old ones end
 * together, where the key and nonce of before scattered each over the whole index. What was signed in the five minutes
 * before this ran is forgotten.
 */
export const seenRequests: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.dropTable('request_nonces').execute();
    await db.schema
      .createTable('seen_requests')
      .addColumn('signed_at', 'bigint', (column) => column.notNull())
      .addColumn('request', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('seen_requests_once', ['signed_at', 'request'])
      .execute();
  },
};
