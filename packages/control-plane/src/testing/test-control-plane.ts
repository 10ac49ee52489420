/** A whole control plane in memory, with a clock to turn, for one test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@fairlead/shared/api/client';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import { publishApi } from '@fairlead/shared/api/publish-api';
import type { Role } from '@fairlead/shared/api/route';
import { type TestClock, testClock } from '@fairlead/shared/testing/test-clock';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { checkBundle as checkForReal } from '@fairlead/toolkit/bundle/check-bundle';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { openFolderArtifactStore } from '../artifacts/folder-artifact-store.ts';
import { type ControlPlane, type ControlPlaneDeps, createControlPlane } from '../control-plane.ts';
import { newUserId } from '../people/api-token.ts';
import { hashPassword } from '../people/password.ts';
import { inThreadHasher } from '../people/password-hasher.ts';
import { inProcessSignals } from '../signals/signals.ts';
import { embeddedStore } from '../store/embedded-store.ts';
import { migrate } from '../store/migrate.ts';
import { openSqlite } from '../store/sqlite-database.ts';
import type { Store } from '../store/store.ts';
import type { OnlineKeys } from '../trust/online-keys.ts';
import { injectTransport, TEST_AUTHORITY, TEST_URL } from './inject-transport.ts';

/** Real hashes, at a cost tests can pay. */
export const CHEAP = { log2N: 10, r: 8, p: 1 };
export const PASSWORD = 'correct horse battery';

export interface People {
  readonly operator: Client<typeof operatorApi>;
  readonly publish: Client<typeof publishApi>;
}
export interface TestControlPlane {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly clock: TestClock;
  readonly onlineKeys: OnlineKeys;
  /** Everything it logged, one line each. */
  readonly log: readonly string[];
  /** Clients of a user with that role, created at the first call. */
  as(role: Role): Promise<People>;
  /** Clients with this bearer token, or with none. */
  withToken(token?: string): People;
  /** Drives all rollouts as far as they go now. */
  drive(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestOptions {
  readonly clock?: TestClock;
  /** A file keeps what a restarted control plane must still know. */
  readonly databaseFile?: string;
  /** Of a replica: the store is shared, so whoever made it closes it. */
  readonly replica?: Pick<ControlPlaneDeps, 'store' | 'signals' | 'onlineKeys'>;
  readonly disks?: ControlPlaneDeps['disks'];
  /** Where its blobs lie; it stays. Default: a folder of its own. */
  readonly artifactsFolder?: string;
  readonly checkBundle?: ControlPlaneDeps['checkBundle'];
}

export async function testControlPlane({
  clock = testClock(),
  databaseFile,
  replica,
  disks = [],
  checkBundle = checkForReal,
  artifactsFolder,
}: TestOptions = {}): Promise<TestControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-control-plane-'));
  const store = replica?.store ?? (await openStore(databaseFile ?? ':memory:'));
  const signals = replica?.signals ?? inProcessSignals();
  const log: string[] = [];
  const key = () => signerFromSeed(generateKeyPair().seed);
  const onlineKeys = replica?.onlineKeys ?? { snapshot: key(), timestamp: key(), director: key() };
  const controlPlane: ControlPlane = await createControlPlane({
    store,
    artifacts: await openFolderArtifactStore({
      folder: artifactsFolder ?? folder,
      clock,
      maxBlobBytes: 1e8,
      maxTotalBytes: 1e9,
    }),
    checkBundle,
    onlineKeys,
    clock,
    signals,
    sessionSecret: Buffer.alloc(32, 7),
    authorities: () => [TEST_AUTHORITY, ...listeningAt(controlPlane.app)],
    logger: pino({ level: 'debug' }, { write: (line: string) => void log.push(line) }),
    metrics: new Registry(),
    passwords: inThreadHasher(CHEAP),
    disks,
    engine: 'by-hand',
  });
  let stopped: Promise<void> | undefined;
  const stop = () =>
    (stopped ??= (async () => {
      await controlPlane.stop();
      if (!replica) await store.close();
      await rm(folder, { recursive: true, force: true });
    })());
  onTestFinished(stop);

  const transport = injectTransport(controlPlane.app);
  const withToken = (token?: string): People => {
    const authorise = (): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` });
    const options = { baseUrl: TEST_URL, transport, authorise };
    return { operator: createClient(operatorApi, options), publish: createClient(publishApi, options) };
  };
  const as = async (role: Role) => {
    const name = `the-${role}`;
    await store.people.insert({
      id: newUserId(),
      name,
      role,
      passwordHash: hashPassword(PASSWORD, CHEAP),
      sessionGeneration: 1,
      mustChangePassword: false,
      createdAt: clock.now(),
    });
    const { token } = await withToken().operator.login({ body: { name, password: PASSWORD } });
    return withToken(token);
  };
  return { app: controlPlane.app, store, clock, onlineKeys, log, as, withToken, drive: controlPlane.drive, stop };
}

async function openStore(file: string): Promise<Store> {
  const database = openSqlite(file);
  await migrate(database);
  return embeddedStore(database);
}

/** 127.0.0.1:PORT once a test lets it listen. */
function listeningAt(app: FastifyInstance): string[] {
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? [`${address.address}:${address.port}`] : [];
}
