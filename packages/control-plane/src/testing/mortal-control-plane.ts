/**
 * A whole control plane on a database file that outlives it, for those who kill it: it dies at any question it asks its
 * database. What was not committed is gone, and whoever waits for an answer gets none. Needs no test runner.
 */
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import { checkBundle } from '@fairlead/toolkit/bundle/check-bundle';
import type { KyselyPlugin } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { openFolderArtifactStore } from '../artifacts/folder-artifact-store.ts';
import { type ControlPlane, createControlPlane } from '../control-plane.ts';
import type { PasswordCost } from '../people/password.ts';
import { inThreadHasher } from '../people/password-hasher.ts';
import { inProcessSignals } from '../signals/signals.ts';
import type { Database } from '../store/database.ts';
import { embeddedStore } from '../store/embedded-store.ts';
import { migrate } from '../store/migrate.ts';
import { openSqlite } from '../store/sqlite-database.ts';
import type { Store } from '../store/store.ts';
import type { OnlineKeys } from '../trust/online-keys.ts';

export interface MortalOptions {
  readonly clock: Clock;
  readonly folder: string;
  readonly onlineKeys: OnlineKeys;
  readonly authorities: readonly string[];
  readonly passwordCost: PasswordCost;
  readonly log: (line: string) => void;
  /** The answers to these robots differ from what they know: a robot in its long-poll would be answered now. */
  readonly onWake: (robots: readonly RobotId[] | 'all') => void;
}
export interface MortalControlPlane extends Pick<ControlPlane, 'app' | 'drive'> {
  readonly store: Store;
  /** To look at, beside the server: these questions don't count. */
  readonly database: Database;
  isDead(): boolean;
  /** It dies at the question after so many. */
  killAfter(questions: number): void;
  /** In order, as systemd stops it. */
  stop(): Promise<void>;
  /** What a killed process leaves to the kernel: its sockets and files are closed. */
  bury(): Promise<void>;
}

export async function mortalControlPlane(order: MortalOptions): Promise<MortalControlPlane> {
  const { clock, folder, onlineKeys, authorities, passwordCost, log } = order;
  const database = openSqlite(join(folder, 'fairlead.db'));
  await migrate(database);
  const signals = inProcessSignals();
  signals.onWake(order.onWake);
  const life = { left: Number.POSITIVE_INFINITY, dead: false };
  const store = embeddedStore(database.withPlugin(mortality(life)));
  const controlPlane = await createControlPlane({
    store,
    artifacts: await openFolderArtifactStore({
      folder: join(folder, 'artifacts'),
      clock,
      maxBlobBytes: 1e8,
      maxTotalBytes: 1e9,
    }),
    checkBundle,
    onlineKeys,
    clock,
    sessionSecret: Buffer.alloc(32, 7),
    authorities: () => authorities,
    logger: pino({ level: 'error' }, { write: (line: string) => (life.dead ? undefined : log(line)) }),
    metrics: new Registry(),
    passwords: inThreadHasher(passwordCost),
    engine: 'by-hand',
    signals,
  });
  return {
    app: controlPlane.app,
    drive: () => controlPlane.drive(),
    store,
    database,
    isDead: () => life.dead,
    killAfter: (questions) => {
      life.left = questions;
    },
    async stop() {
      await controlPlane.stop();
      await database.destroy();
    },
    async bury() {
      life.dead = true;
      await controlPlane.app.close();
      await database.destroy();
    },
  };
}

/** A transaction in which it throws is rolled back, as SQLite does after a crash; nothing is asked afterwards. */
const mortality = (life: { left: number; dead: boolean }): KyselyPlugin => ({
  transformQuery({ node }) {
    life.left -= 1;
    if (life.left < 0) life.dead = true;
    if (life.dead) throw new Error('the server was killed');
    return node;
  },
  transformResult: async ({ result }) => result,
});
