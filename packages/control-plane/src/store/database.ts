/**
 * All tables. SQL is written with Kysely so that it serves SQLite and PostgreSQL alike: text, integer and
 * JSON-as-text columns only, times as RFC 3339 text (they sort), no SQL of one dialect outside its adapter.
 */
import type { Kysely } from 'kysely';
import type { AbandonedTables } from './kysely-abandoned.ts';
import type { AlarmTables } from './kysely-alarms.ts';
import type { AuditTables } from './kysely-audit.ts';
import type { DeploymentTables } from './kysely-deployments.ts';
import type { DesiredTables } from './kysely-desired.ts';
import type { EnrolmentTokenTables } from './kysely-enrolment-tokens.ts';
import type { IdempotentReplyTables } from './kysely-idempotent-replies.ts';
import type { MetadataTables } from './kysely-metadata.ts';
import type { PeopleTables } from './kysely-people.ts';
import type { PresenceTables } from './kysely-presence.ts';
import type { ReleaseTables } from './kysely-releases.ts';
import type { ReportTables } from './kysely-reports.ts';
import type { RequestNonceTables } from './kysely-request-nonces.ts';
import type { RobotTables } from './kysely-robots.ts';
import type { RolloutTables } from './kysely-rollouts.ts';
import type { RuleTables } from './kysely-rules.ts';
import type { SettingsTables } from './kysely-settings.ts';

export type Tables = PeopleTables &
  RobotTables &
  PresenceTables &
  EnrolmentTokenTables &
  RequestNonceTables &
  IdempotentReplyTables &
  SettingsTables &
  MetadataTables &
  ReleaseTables &
  DeploymentTables &
  DesiredTables &
  AbandonedTables &
  ReportTables &
  RolloutTables &
  RuleTables &
  AuditTables &
  AlarmTables;
export type Database = Kysely<Tables>;
