import { SECOND } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { Kysely } from 'kysely';
import type { RequestNonces, SignedRequest } from './request-nonces.ts';

export interface RequestNonceTables {
  seen_requests: { signed_at: number; request: string };
}

export const kyselyRequestNonces = (db: Kysely<RequestNonceTables>): RequestNonces => ({
  async rememberAll(requests) {
    const asked = requests.map(toRow);
    const rows = new Map(asked.map((row) => [toKey(row), row]));
    if (rows.size === 0) return [];
    const insert = db
      .insertInto('seen_requests')
      // One order for all: two replicas that remember the same requests wait for each other, but never in a circle.
      .values([...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row))
      .onConflict((conflict) => conflict.doNothing())
      .returning(['signed_at', 'request']);
    const fresh = new Set((await insert.execute()).map(toKey));
    // The first of two in one batch takes it, so the second finds it gone.
    return asked.map((row) => fresh.delete(toKey(row)));
  },
  async forgetSome(before) {
    const oldest = db
      .selectFrom('seen_requests')
      .select(({ fn }) => fn.min('signed_at').as('oldest'))
      .where('signed_at', '<', toSeconds(before));
    const { numDeletedRows } = await db.deleteFrom('seen_requests').where('signed_at', '=', oldest).executeTakeFirst();
    return numDeletedRows > 0n;
  },
});

/** 128 bits of digest: shorter than key and nonce, and nobody finds two requests that share it. */
const toRow = ({ keyid, nonce, created }: SignedRequest): RequestNonceTables['seen_requests'] => ({
  signed_at: toSeconds(created),
  request: sha256Hex(`${keyid} ${nonce}`).slice(0, 32),
});
// A bigint comes back as text from PostgreSQL.
const toKey = ({ signed_at, request }: { signed_at: number | string; request: string }) => `${signed_at} ${request}`;
const toSeconds = (instant: number): number => Math.floor(instant / SECOND);
