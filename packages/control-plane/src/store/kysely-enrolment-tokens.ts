import { Labels } from '@fairlead/shared/fleet/robot-facts';
import { EnvironmentName, RobotId, Sha256 } from '@fairlead/shared/ids';
import { fromTimestamp, toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import type { EnrolmentToken, EnrolmentTokens } from './enrolment-tokens.ts';
import { readColumn, readJsonEntries } from './read-column.ts';

interface EnrolmentTokenRow {
  id: string;
  secret_sha256: string;
  environment: string;
  robot: string | null;
  group_name: string | null;
  labels: string | null;
  created_by: string;
  user_id: string | null;
  api_token: string | null;
  created_at: string;
  expires_at: string;
  used_at: string | null;
  used_by: string | null;
}
export interface EnrolmentTokenTables {
  enrolment_tokens: EnrolmentTokenRow;
}

export const kyselyEnrolmentTokens = (db: Kysely<EnrolmentTokenTables>): EnrolmentTokens => ({
  async insert(token) {
    await db.insertInto('enrolment_tokens').values(toRow(token)).execute();
  },
  async find(secretSha256) {
    const found = db.selectFrom('enrolment_tokens').selectAll().where('secret_sha256', '=', secretSha256);
    const row = await found.executeTakeFirst();
    return row && toToken(row);
  },
  async usable(now) {
    const unused = db.selectFrom('enrolment_tokens').selectAll().where('used_at', 'is', null);
    const rows = await unused.where('expires_at', '>', toTimestamp(now)).orderBy('created_at').orderBy('id').execute();
    return rows.map(toToken);
  },
  async use(id, robot, at) {
    const use = db.updateTable('enrolment_tokens').set({ used_at: toTimestamp(at), used_by: robot });
    const used = await use.where('id', '=', id).where('used_at', 'is', null).executeTakeFirst();
    return used.numUpdatedRows === 1n;
  },
  async remove(id) {
    const removed = await db.deleteFrom('enrolment_tokens').where('id', '=', id).executeTakeFirst();
    return removed.numDeletedRows === 1n;
  },
});

const toRow = (token: EnrolmentToken): EnrolmentTokenRow => ({
  id: token.id,
  secret_sha256: token.secretSha256,
  environment: token.environment,
  robot: token.robot ?? null,
  group_name: token.group ?? null,
  labels: token.labels ? JSON.stringify(token.labels) : null,
  created_by: token.createdBy,
  user_id: token.userId ?? null,
  api_token: token.apiToken ?? null,
  created_at: toTimestamp(token.createdAt),
  expires_at: toTimestamp(token.expiresAt),
  used_at: null,
  used_by: null,
});

const toToken = (row: EnrolmentTokenRow): EnrolmentToken => ({
  id: row.id,
  secretSha256: readColumn(Sha256, row.secret_sha256),
  environment: readColumn(EnvironmentName, row.environment),
  ...(row.robot !== null && { robot: readColumn(RobotId, row.robot) }),
  ...(row.group_name !== null && { group: row.group_name }),
  ...(row.labels !== null && { labels: readJsonEntries(Labels, row.labels) }),
  createdBy: row.created_by,
  ...(row.user_id !== null && { userId: row.user_id }),
  ...(row.api_token !== null && { apiToken: row.api_token }),
  createdAt: fromTimestamp(row.created_at),
  expiresAt: fromTimestamp(row.expires_at),
  ...(row.used_by !== null && { usedBy: readColumn(RobotId, row.used_by) }),
});
