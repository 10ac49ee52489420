/**
 * Port: everything the control plane remembers, as small slices (one file each: the interface here beside its
 * Kysely implementation `kysely-….ts`). Each method of a slice is atomic by itself; what must hold together
 * goes through `transaction`.
 */
import type { AbandonedSlice } from './abandoned.ts';
import type { Alarms } from './alarms.ts';
import type { AuditSlice } from './audit.ts';
import type { Deployments } from './deployments.ts';
import type { DesiredSlice } from './desired.ts';
import type { EnrolmentTokens } from './enrolment-tokens.ts';
import type { IdempotentReplies } from './idempotent-replies.ts';
import type { MetadataSlice } from './metadata.ts';
import type { People } from './people.ts';
import type { PresenceSlice } from './presence.ts';
import type { ReleasesSlice } from './releases.ts';
import type { Reports } from './reports.ts';
import type { RequestNonces } from './request-nonces.ts';
import type { Robots } from './robots.ts';
import type { Rollouts } from './rollouts.ts';
import type { RulesSlice } from './rules.ts';
import type { SettingsSlice } from './settings.ts';

export interface Slices {
  readonly people: People;
  readonly robots: Robots;
  readonly presence: PresenceSlice;
  readonly enrolmentTokens: EnrolmentTokens;
  readonly requestNonces: RequestNonces;
  readonly idempotentReplies: IdempotentReplies;
  readonly settings: SettingsSlice;
  readonly metadata: MetadataSlice;
  readonly releases: ReleasesSlice;
  readonly deployments: Deployments;
  readonly desired: DesiredSlice;
  readonly abandoned: AbandonedSlice;
  readonly reports: Reports;
  readonly rollouts: Rollouts;
  readonly rules: RulesSlice;
  readonly audit: AuditSlice;
  readonly alarms: Alarms;
}

export interface Store extends Slices {
  /** What readiness calls it. */
  readonly database: 'SQLite' | 'PostgreSQL';
  /**
   * Runs `work` in one write transaction: all of it is durable when the promise resolves, none of it when
   * `work` throws. Use only the slices it is given (the outer ones throw inside), and wait for nothing but
   * the store in it: every other writer waits, on PostgreSQL those of all replicas.
   *
   * Write transactions run one after the other, so `work` runs once, and what it has read stays as it is until it
   * ends. Wake-up calls, logs and answers still belong after it: it may fail at its very end.
   */
  transaction<T>(work: (slices: Slices) => Promise<T>): Promise<T>;
  /** Resolves where the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
