import { Sha256 } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import { readColumn } from './read-column.ts';
import type { ChainLink, Reports } from './reports.ts';

export interface ReportTables {
  reports: { keyid: string; seq: number; sha256: string; robot: string; envelope: string; received_at: string };
}

/** Reports that are kept of one key: hundreds of updates. A robot that reports without end must not fill the database. */
const MOST_PER_KEY = 10_000;
const FORGET_EVERY = 100;

export const kyselyReports = (db: Kysely<ReportTables>, most = MOST_PER_KEY): Reports => ({
  async head(keyid) {
    const links = db.selectFrom('reports').select(['seq', 'sha256']).where('keyid', '=', keyid);
    const row = await links.orderBy('seq', 'desc').limit(1).executeTakeFirst();
    return row && toLink(row);
  },
  async find(keyid, seq) {
    const links = db.selectFrom('reports').select(['seq', 'sha256']).where('keyid', '=', keyid);
    const row = await links.where('seq', '=', seq).executeTakeFirst();
    return row && toLink(row);
  },
  async add({ keyid, seq, sha256, robot, envelope, receivedAt }) {
    const row = { keyid, seq, sha256, robot, envelope: JSON.stringify(envelope), received_at: toTimestamp(receivedAt) };
    await db.insertInto('reports').values(row).execute();
    if (seq % FORGET_EVERY === 0) await keepNewest(db, keyid, most);
  },
});

async function keepNewest(db: Kysely<ReportTables>, keyid: string, most: number): Promise<void> {
  const ofKey = db.selectFrom('reports').select('seq').where('keyid', '=', keyid);
  const newestToForget = ofKey.orderBy('seq', 'desc').offset(most).limit(1);
  await db.deleteFrom('reports').where('keyid', '=', keyid).where('seq', '<=', newestToForget).execute();
}

const toLink = (row: { seq: number; sha256: string }): ChainLink => ({
  seq: Number(row.seq),
  sha256: readColumn(Sha256, row.sha256),
});
