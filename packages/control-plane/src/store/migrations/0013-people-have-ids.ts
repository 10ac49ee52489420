import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

interface Before {
  users: { id: string | null; name: string };
}

/**
 * People are their ids: a name can be given again, and its new holder inherits nothing. API tokens belong to an id, and one
 * that was made by another token goes with it; so do enrollment tokens. Sessions that were logged out are listed until they
 * would have expired.
 */
export const peopleHaveIds: Migration = {
  async up(db: Kysely<Before>) {
    await db.schema.alterTable('users').addColumn('id', 'text').execute();
    await db.schema
      .alterTable('users')
      .addColumn('must_change_password', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    for (const { name } of await db.selectFrom('users').select('name').execute()) {
      const id = randomBytes(8).toString('hex');
      await db.updateTable('users').set({ id }).where('name', '=', name).execute();
    }
    await db.schema.createIndex('users_by_id').unique().on('users').column('id').execute();
    await moveTokens(db);
    for (const [column, owner] of [
      ['user_id', 'users.id'],
      ['api_token', 'api_tokens.id'],
    ] as const) {
      await db.schema
        .alterTable('enrolment_tokens')
        .addColumn(column, 'text', (added) => added.references(owner).onDelete('cascade'))
        .execute();
    }
    await sql`update enrolment_tokens set user_id = (select id from users where name = created_by)`.execute(db);
    await db.schema
      .createTable('ended_sessions')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('expires_at', 'text', (column) => column.notNull())
      .execute();
    // Both named people by name: what was kept is of at most a day ago, and is better forgotten than inherited.
    await sql`delete from idempotent_replies`.execute(db);
    await sql`delete from audit_acknowledged`.execute(db);
  },
};

/** Into a new table: SQLite cannot drop a column that refers to another table. */
async function moveTokens(db: Kysely<Before>): Promise<void> {
  await db.schema
    .createTable('new_api_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('secret_sha256', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('last_used_at', 'text')
    .addColumn('made_by', 'text', (column) => column.references('new_api_tokens.id').onDelete('cascade'))
    .execute();
  await sql`
    insert into new_api_tokens (id, user_id, name, role, secret_sha256, created_at, expires_at, last_used_at)
    select api_tokens.id, users.id, api_tokens.name, api_tokens.role, secret_sha256, api_tokens.created_at, expires_at,
      last_used_at
    from api_tokens join users on users.name = api_tokens.user_name`.execute(db);
  await db.schema.dropTable('api_tokens').execute();
  await db.schema.alterTable('new_api_tokens').renameTo('api_tokens').execute();
}
