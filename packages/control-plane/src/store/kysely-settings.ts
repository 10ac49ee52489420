import type { Kysely } from 'kysely';
import type { SettingsSlice } from './settings.ts';

export interface SettingsTables {
  settings: { key: string; value: string };
}

export const kyselySettings = (db: Kysely<SettingsTables>): SettingsSlice => ({
  async find(key) {
    const row = await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst();
    return row && JSON.parse(row.value);
  },
  async save(key, value) {
    const row = { key, value: JSON.stringify(value) };
    await db
      .insertInto('settings')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: row.value }))
      .execute();
  },
});
