import { toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import type { Claim, IdempotentReplies, IdempotentRequest } from './idempotent-replies.ts';

interface IdempotentReplyRow {
  person: string;
  key: string;
  request_sha256: string;
  status: number | null;
  reply: string | null;
  created_at: string;
}
export interface IdempotentReplyTables {
  idempotent_replies: IdempotentReplyRow;
}

export const kyselyIdempotentReplies = (db: Kysely<IdempotentReplyTables>): IdempotentReplies => ({
  async claim(request, at) {
    const { person, key, requestSha256 } = request;
    const row = { person, key, request_sha256: requestSha256, status: null, reply: null, created_at: toTimestamp(at) };
    const insert = db
      .insertInto('idempotent_replies')
      .values(row)
      .onConflict((conflict) => conflict.doNothing());
    if ((await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n) return { state: 'new' };
    const found = db.selectFrom('idempotent_replies').selectAll().where('person', '=', person).where('key', '=', key);
    return judge(request, await found.executeTakeFirst());
  },
  async answer({ person, key }, { status, body }) {
    const answer = db.updateTable('idempotent_replies').set({ status, reply: body });
    await answer.where('person', '=', person).where('key', '=', key).execute();
  },
  async release({ person, key }) {
    await db.deleteFrom('idempotent_replies').where('person', '=', person).where('key', '=', key).execute();
  },
  async forgetBefore(instant) {
    await db.deleteFrom('idempotent_replies').where('created_at', '<', toTimestamp(instant)).execute();
  },
});

function judge(request: IdempotentRequest, row: IdempotentReplyRow | undefined): Claim {
  if (row && row.request_sha256 !== request.requestSha256) return { state: 'other-request' };
  // Released between the two statements: the caller tries again, as for a running one.
  if (!row || row.status === null || row.reply === null) return { state: 'running' };
  return { state: 'answered', reply: { status: row.status, body: row.reply } };
}
