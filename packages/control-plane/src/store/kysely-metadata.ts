import { toTimestamp } from '@fairlead/shared/time';
import type { Kysely } from 'kysely';
import { Type } from 'typebox';
import { METADATA_ROLES, type MetadataSlice, type StoredMetadata } from './metadata.ts';
import { readColumn } from './read-column.ts';

export interface MetadataTables {
  tuf_metadata: { role: string; version: number; text: string; stored_at: string };
  tuf_targets: { name: string; sha256: string; text: string };
}

export const kyselyMetadata = (db: Kysely<MetadataTables>): MetadataSlice => ({
  async newest(role) {
    const row = await db
      .selectFrom('tuf_metadata')
      .select(['role', 'version', 'text'])
      .where('role', '=', role)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && toMetadata(row);
  },
  async find(role, version) {
    const row = await db
      .selectFrom('tuf_metadata')
      .select(['role', 'version', 'text'])
      .where('role', '=', role)
      .where('version', '=', version)
      .executeTakeFirst();
    return row && toMetadata(row);
  },
  async add({ role, version, text }, at) {
    await db
      .insertInto('tuf_metadata')
      .values({ role, version, text, stored_at: toTimestamp(at) })
      .execute();
  },
  async target(name, sha256) {
    const row = await db
      .selectFrom('tuf_targets')
      .select('text')
      .where('name', '=', name)
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return row?.text;
  },
  async addTarget(target) {
    await db
      .insertInto('tuf_targets')
      .values({ ...target })
      .onConflict((conflict) => conflict.columns(['name', 'sha256']).doNothing())
      .execute();
  },
  async prune(role, before) {
    const newest = db
      .selectFrom('tuf_metadata')
      .select(({ fn }) => fn.max('version').as('version'))
      .where('role', '=', role);
    await db
      .deleteFrom('tuf_metadata')
      .where('role', '=', role)
      .where('stored_at', '<', toTimestamp(before))
      .where('version', '<', newest)
      .execute();
  },
});

const Role = Type.Enum([...METADATA_ROLES]);
const toMetadata = (row: { role: string; version: number; text: string }): StoredMetadata => ({
  role: readColumn(Role, row.role),
  version: row.version,
  text: row.text,
});
