/**
 * All tables. SQL is written with Kysely so that it serves SQLite and PostgreSQL alike: text, integer and
 * JSON-as-text columns only, times as RFC 3339 text (they sort), no SQL of one dialect outside its adapter.
 */
import type { Kysely } from 'kysely';
import type { SettingsTables } from './kysely-settings.ts';

export type Tables = SettingsTables;
export type Database = Kysely<Tables>;
