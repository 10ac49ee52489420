import { toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import type { RequestNonces } from './request-nonces.ts';

export interface RequestNonceTables {
  request_nonces: { keyid: string; nonce: string; seen_at: string };
}

export const kyselyRequestNonces = (db: Kysely<RequestNonceTables>): RequestNonces => ({
  async remember(keyid, nonce, at) {
    const row = { keyid, nonce, seen_at: toTimestamp(at) };
    const insert = db
      .insertInto('request_nonces')
      .values(row)
      .onConflict((conflict) => conflict.doNothing());
    return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
  },
  async forgetBefore(instant) {
    await db.deleteFrom('request_nonces').where('seen_at', '<', toTimestamp(instant)).execute();
  },
});
