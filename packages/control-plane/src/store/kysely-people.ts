import { ROLES, type Role } from '@fairlead/shared/api/route';
import { Sha256 } from '@fairlead/shared/ids';
import { fromTimestamp, toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import { Type } from 'typebox';
import type { ApiToken, People, User } from './people.ts';
import { readColumn } from './read-column.ts';

interface UserRow {
  id: string;
  name: string;
  role: string;
  password_hash: string;
  session_generation: number;
  must_change_password: number;
  created_at: string;
}
interface TokenRow {
  id: string;
  user_id: string;
  name: string;
  role: string;
  secret_sha256: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  made_by: string | null;
}
export interface PeopleTables {
  users: UserRow;
  api_tokens: TokenRow;
  ended_sessions: { id: string; expires_at: string };
}

export const kyselyPeople = (db: Kysely<PeopleTables>): People => ({
  async find(name) {
    const row = await db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst();
    return row && toUser(row);
  },
  async findById(id) {
    const row = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
    return row && toUser(row);
  },
  async all() {
    return (await db.selectFrom('users').selectAll().orderBy('name').execute()).map(toUser);
  },
  async insert(user) {
    const insert = db
      .insertInto('users')
      .values(fromUser(user))
      .onConflict((conflict) => conflict.doNothing());
    return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
  },
  async replace(user) {
    const { role, password_hash, session_generation, must_change_password } = fromUser(user);
    const values = { role, password_hash, session_generation, must_change_password };
    await db.updateTable('users').set(values).where('id', '=', user.id).execute();
  },
  async remove(id) {
    await db.deleteFrom('users').where('id', '=', id).execute();
  },

  async findToken(secretSha256) {
    const found = db.selectFrom('api_tokens').selectAll().where('secret_sha256', '=', secretSha256);
    const row = await found.executeTakeFirst();
    return row && toToken(row);
  },
  async allTokens() {
    return (await db.selectFrom('api_tokens').selectAll().orderBy('created_at').orderBy('id').execute()).map(toToken);
  },
  async insertToken(token) {
    await db.insertInto('api_tokens').values(fromToken(token)).execute();
  },
  async markTokenUsed(id, at) {
    await db
      .updateTable('api_tokens')
      .set({ last_used_at: toTimestamp(at) })
      .where('id', '=', id)
      .execute();
  },
  async removeToken(id) {
    await db.deleteFrom('api_tokens').where('id', '=', id).execute();
  },

  async endSession(id, expiresAt) {
    const insert = db.insertInto('ended_sessions').values({ id, expires_at: toTimestamp(expiresAt) });
    await insert.onConflict((conflict) => conflict.doNothing()).execute();
  },
  async hasSessionEnded(id) {
    const found = db.selectFrom('ended_sessions').select('id').where('id', '=', id);
    return (await found.executeTakeFirst()) !== undefined;
  },
  async forgetEndedSessions(before) {
    await db.deleteFrom('ended_sessions').where('expires_at', '<', toTimestamp(before)).execute();
  },
});

const RoleColumn = Type.Unsafe<Role>(Type.Enum([...ROLES]));

const toUser = (row: UserRow): User => ({
  id: row.id,
  name: row.name,
  role: readColumn(RoleColumn, row.role),
  passwordHash: row.password_hash,
  sessionGeneration: row.session_generation,
  mustChangePassword: row.must_change_password === 1,
  createdAt: fromTimestamp(row.created_at),
});

const fromUser = (user: User): UserRow => ({
  id: user.id,
  name: user.name,
  role: user.role,
  password_hash: user.passwordHash,
  session_generation: user.sessionGeneration,
  must_change_password: user.mustChangePassword ? 1 : 0,
  created_at: toTimestamp(user.createdAt),
});

const toToken = (row: TokenRow): ApiToken => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  role: readColumn(RoleColumn, row.role),
  secretSha256: readColumn(Sha256, row.secret_sha256),
  createdAt: fromTimestamp(row.created_at),
  ...(row.expires_at !== null && { expiresAt: fromTimestamp(row.expires_at) }),
  ...(row.last_used_at !== null && { lastUsedAt: fromTimestamp(row.last_used_at) }),
  ...(row.made_by !== null && { madeBy: row.made_by }),
});

const fromToken = (token: ApiToken): TokenRow => ({
  id: token.id,
  user_id: token.userId,
  name: token.name,
  role: token.role,
  secret_sha256: token.secretSha256,
  created_at: toTimestamp(token.createdAt),
  expires_at: token.expiresAt === undefined ? null : toTimestamp(token.expiresAt),
  last_used_at: token.lastUsedAt === undefined ? null : toTimestamp(token.lastUsedAt),
  made_by: token.madeBy ?? null,
});
