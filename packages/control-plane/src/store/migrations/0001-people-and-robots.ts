import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** People with their tokens, robots with their keys and what they last said, settings. */
export const peopleAndRobots: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('settings')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('users')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('password_hash', 'text', (column) => column.notNull())
      .addColumn('session_generation', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('api_tokens')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_name', 'text', (column) => column.notNull().references('users.name').onDelete('cascade'))
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('secret_sha256', 'text', (column) => column.notNull().unique())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'text')
      .addColumn('last_used_at', 'text')
      .execute();
    await db.schema
      .createTable('robots')
      .addColumn('robot', 'text', (column) => column.primaryKey())
      .addColumn('lifecycle', 'text', (column) => column.notNull())
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('group_name', 'text')
      .addColumn('labels', 'text', (column) => column.notNull())
      .addColumn('keyid', 'text', (column) => column.notNull().unique())
      .addColumn('quarantined', 'text')
      .addColumn('enrolled_at', 'text', (column) => column.notNull())
      .execute();
    // Every key ever enrolled: a blocked key stays blocked when its robot's name is given to a new one.
    await db.schema
      .createTable('robot_keys')
      .addColumn('keyid', 'text', (column) => column.primaryKey())
      .addColumn('robot', 'text', (column) => column.notNull().references('robots.robot'))
      .addColumn('public_key', 'text', (column) => column.notNull())
      .addColumn('added_at', 'text', (column) => column.notNull())
      .addColumn('blocked_at', 'text')
      .execute();
    // Apart from `robots`, so that check-ins never touch the rows that assignments lock.
    await db.schema
      .createTable('robot_presence')
      .addColumn('robot', 'text', (column) => column.primaryKey().references('robots.robot').onDelete('cascade'))
      .addColumn('last_seen', 'text')
      .addColumn('facts', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('enrolment_tokens')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('secret_sha256', 'text', (column) => column.notNull().unique())
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('robot', 'text')
      .addColumn('group_name', 'text')
      .addColumn('labels', 'text')
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'text', (column) => column.notNull())
      .addColumn('used_at', 'text')
      .addColumn('used_by', 'text')
      .execute();
    await db.schema
      .createTable('request_nonces')
      .addColumn('keyid', 'text', (column) => column.notNull())
      .addColumn('nonce', 'text', (column) => column.notNull())
      .addColumn('seen_at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('request_nonces_once', ['keyid', 'nonce'])
      .execute();
    await db.schema.createIndex('request_nonces_by_age').on('request_nonces').column('seen_at').execute();
    await db.schema
      .createTable('idempotent_replies')
      .addColumn('person', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('request_sha256', 'text', (column) => column.notNull())
      .addColumn('status', 'integer')
      .addColumn('reply', 'text')
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('idempotent_replies_once', ['person', 'key'])
      .execute();
    await db.schema.createIndex('idempotent_replies_by_age').on('idempotent_replies').column('created_at').execute();
  },
};
