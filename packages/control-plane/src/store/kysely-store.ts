/** The store over any Kysely database whose migrations have run. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type KyselyPlugin, sql } from 'kysely';
import { oneAtATime } from '../artifacts/one-at-a-time.ts';
import type { Database } from './database.ts';
import { kyselyAbandoned } from './kysely-abandoned.ts';
import { kyselyAlarms } from './kysely-alarms.ts';
import { kyselyAudit } from './kysely-audit.ts';
import { kyselyDeployments } from './kysely-deployments.ts';
import { kyselyDesired } from './kysely-desired.ts';
import { kyselyEnrolmentTokens } from './kysely-enrolment-tokens.ts';
import { kyselyIdempotentReplies } from './kysely-idempotent-replies.ts';
import { kyselyMetadata } from './kysely-metadata.ts';
import { kyselyPeople } from './kysely-people.ts';
import { kyselyPresence } from './kysely-presence.ts';
import { kyselyReleases } from './kysely-releases.ts';
import { kyselyReports } from './kysely-reports.ts';
import { kyselyRequestNonces } from './kysely-request-nonces.ts';
import { kyselyRobots } from './kysely-robots.ts';
import { kyselyRollouts } from './kysely-rollouts.ts';
import { kyselyRules } from './kysely-rules.ts';
import { kyselySettings } from './kysely-settings.ts';
import type { Slices, Store } from './store.ts';

const slicesOn = (db: Database): Slices => ({
  people: kyselyPeople(db),
  robots: kyselyRobots(db),
  presence: kyselyPresence(db),
  enrolmentTokens: kyselyEnrolmentTokens(db),
  requestNonces: kyselyRequestNonces(db),
  idempotentReplies: kyselyIdempotentReplies(db),
  settings: kyselySettings(db),
  metadata: kyselyMetadata(db),
  releases: kyselyReleases(db),
  deployments: kyselyDeployments(db),
  desired: kyselyDesired(db),
  abandoned: kyselyAbandoned(db),
  reports: kyselyReports(db),
  rollouts: kyselyRollouts(db),
  rules: kyselyRules(db),
  audit: kyselyAudit(db),
  alarms: kyselyAlarms(db),
});

export function kyselyStore(db: Database, database: Store['database'] = 'SQLite'): Store {
  const inTransaction = new AsyncLocalStorage<true>();
  const outer = db.withPlugin(refuseInside(inTransaction));
  // Writers wait here, not each on a connection of its own: on PostgreSQL readers would find none left.
  const inTurn = oneAtATime();
  return {
    ...slicesOn(outer),
    database,
    transaction: (work) => {
      if (inTransaction.getStore()) throw misuse();
      const execute = () => db.transaction().execute((transaction) => work(slicesOn(transaction)));
      return inTurn('write', () => inTransaction.run(true, execute));
    },
    async ping() {
      await sql`select 1`.execute(outer);
    },
    close: () => db.destroy(),
  };
}

/** On SQLite an outer query inside a transaction would wait for that very transaction, for ever and in silence. */
function refuseInside(inTransaction: AsyncLocalStorage<true>): KyselyPlugin {
  return {
    transformQuery({ node }) {
      if (inTransaction.getStore()) throw misuse();
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}

const misuse = () => new Error('Inside a transaction only the slices it was given may be used.');
