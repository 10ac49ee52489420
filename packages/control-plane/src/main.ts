/** Composition root: reads the configuration, picks the adapters, listens, stops in order. */

import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { Failure, sayRefusal } from '@fairlead/shared/failure';
import { Clock, SECOND, toTimestamp } from '@fairlead/shared/time';
import { checkBundle } from '@fairlead/toolkit/bundle/check-bundle';
import { makeFolderDurably } from '@fairlead/toolkit/durable-files';
import { describeFileError } from '@fairlead/toolkit/file-error';
import { writeMessage } from '@fairlead/toolkit/process/journal-message';
import { safeLogger } from '@fairlead/toolkit/process/safe-logger';
import { handleUncaughtErrors } from '@fairlead/toolkit/process/uncaught-errors';
import type { Logger } from 'pino';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { openFolderArtifactStore } from './artifacts/folder-artifact-store.ts';
import { type Config, readConfig, USAGE } from './config.ts';
import { createControlPlane } from './control-plane.ts';
import { authoritiesOf, remembered } from './http/authorities.ts';
import { LOG_SERIALIZERS } from './http/log-serializers.ts';
import { createFirstAdmin, FIRST_ADMIN, removeFirstPassword } from './people/first-admin.ts';
import { openSessionSecret, sharedSessionSecret } from './people/session-secret.ts';
import { workerHasher } from './people/worker-hasher.ts';
import { openPostgresSignals } from './signals/postgres-signals.ts';
import { inProcessSignals, type Signals } from './signals/signals.ts';
import type { Database } from './store/database.ts';
import { embeddedStore } from './store/embedded-store.ts';
import { type FolderLock, lockFolder } from './store/folder-lock.ts';
import { kyselyStore } from './store/kysely-store.ts';
import { migrate } from './store/migrate.ts';
import { openPostgres } from './store/postgres-database.ts';
import { placeOf, postgresTrouble } from './store/postgres-trouble.ts';
import { openSqlite } from './store/sqlite-database.ts';
import type { Store } from './store/store.ts';
import { openOnlineKeys } from './trust/online-keys.ts';

const clock = new Clock(Date.now);

async function start(config: Config, logger: Logger): Promise<() => Promise<void>> {
  const data = resolve(config.data);
  await makeFolderDurably(data, 0o700);
  const { store, signals, sessionSecret, lock } = await (config.postgres
    ? openShared(config.postgres, logger)
    : openEmbedded(data));
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  let { port } = config;
  const limits = { maxBlobBytes: config.maxBlobBytes, maxTotalBytes: config.maxTotalBlobBytes };
  const passwords = workerHasher();
  const forgetFirstPassword = async (): Promise<void> => {
    const file = await removeFirstPassword(store, data);
    if (file === 'removed') logger.info({ data }, 'the file of the first password was removed');
    if (file === 'kept') logger.warn({ data }, 'the first password was never changed: fairlead password');
  };
  const controlPlane = await createControlPlane({
    store,
    artifacts: await openFolderArtifactStore({ folder: join(data, 'artifacts'), clock, ...limits }),
    checkBundle,
    onlineKeys: await openOnlineKeys(join(data, 'online-keys')),
    clock,
    sessionSecret,
    passwords,
    onPasswordChange: forgetFirstPassword,
    signals,
    authorities: remembered(() => authoritiesOf(config.names, port, machine()), clock, 5 * SECOND),
    trustedProxies: config.trustedProxies,
    logger,
    metrics,
    disks: [
      { holds: 'the data folder', folder: data, remedy: 'free space there, or enlarge it' },
      {
        holds: 'the releases',
        folder: join(data, 'artifacts'),
        remedy: 'free space in artifacts/ of the data folder, or enlarge it',
      },
    ],
  });
  const passwordFile = await createFirstAdmin(store, clock, {
    dataFolder: data,
    ...(config.adminPasswordFile !== undefined && { passwordFile: config.adminPasswordFile }),
  });
  await forgetFirstPassword();
  const stop = async () => {
    await controlPlane.stop();
    await passwords.close();
    await signals.close();
    await store.close();
    lock?.release();
  };
  // A port in use ends this process: what was opened until here must not keep it.
  const url = await controlPlane.app.listen({ host: config.host, port }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  outliveErrors(metrics, logger);
  port = Number(new URL(url).port);
  const database = config.postgres ? placeOf(config.postgres.url) : 'SQLite';
  logger.info({ url, data, database }, 'Fairlead control plane is listening');
  tell(`Fairlead control plane: ${url}`);
  if (passwordFile) {
    logger.info({ user: FIRST_ADMIN, passwordFile }, 'The first user was created; its password is in the file');
    tell(`Log in as ${FIRST_ADMIN} with the password in ${passwordFile}`);
    if (config.adminPasswordFile === undefined)
      tell('It must be changed at the first login; its file is removed then.');
  }
  return stop;
}

/** From now on: an error while it starts ends it with a message. */
function outliveErrors(metrics: Registry, logger: Logger): void {
  const uncaught = new Counter({
    name: 'fairlead_uncaught_errors_total',
    help: 'Errors that no code caught: each is a defect. The log has their stacks.',
    registers: [metrics],
  });
  handleUncaughtErrors({
    source: process,
    elapsed: () => performance.now(),
    onError: (err, isLast) => {
      uncaught.inc();
      logger.fatal(
        { err },
        isLast ? 'too many uncaught errors: this process ends' : 'uncaught error; this is a defect',
      );
    },
  });
}

interface Opened {
  readonly store: Store;
  readonly signals: Signals;
  readonly sessionSecret: Uint8Array;
  /** Of the data folder. Whoever drops it loses it to the garbage collector. */
  readonly lock?: FolderLock;
}

/** One process, one file: nothing else may write there while this process runs. */
async function openEmbedded(data: string): Promise<Opened> {
  const lock = await lockFolder(data, { pid: process.pid, host: hostname(), since: toTimestamp(clock.now()) });
  const database = await openMigrated(join(data, 'fairlead.db'));
  const sessionSecret = await openSessionSecret(data);
  return { store: embeddedStore(database), signals: inProcessSignals(), sessionSecret, lock };
}

async function openMigrated(file: string): Promise<Database> {
  try {
    const database = openSqlite(file);
    await migrate(database);
    return database;
  } catch (cause) {
    throw asStartError(cause);
  }
}

/** At the start it is no beat of an update's story: what is wrong and what to do is enough. */
const asStartError = (cause: unknown): unknown =>
  cause instanceof Failure ? new Error(cause.message, { cause }) : cause;

/** This replica and others, on one PostgreSQL. Nothing of it is remembered: what another replica changes binds at once. */
async function openShared({ url, passwordFile }: NonNullable<Config['postgres']>, logger: Logger): Promise<Opened> {
  const password = passwordFile === undefined ? undefined : (await readFile(passwordFile, 'utf8')).trim();
  const options = {
    url,
    ...(password !== undefined && { password }),
    onConnectionLost: (err: unknown) => logger.warn({ err }, 'the database closed a connection'),
    onCut: (err: unknown) => logger.warn({ err }, 'the line to the other replicas was cut'),
  };
  const database = openPostgres(options);
  try {
    await migrate(database);
    const store = kyselyStore(database, 'PostgreSQL');
    return { store, signals: await openPostgresSignals(options), sessionSecret: await sharedSessionSecret(store) };
  } catch (cause) {
    await database.destroy();
    throw asStartError(postgresTrouble(cause, url));
  }
}

/** For whoever sits in front of it; everybody else reads the log. */
const tell = (line: string): void => void (process.stdout.isTTY && process.stdout.write(`${line}\n`));

const machine = () => ({
  hostname: hostname(),
  addresses: Object.values(networkInterfaces()).flatMap((one) => one?.map(({ address }) => address) ?? []),
});

/** The first signal ends in order, a second one at once. */
function stopOnSignal(stop: () => Promise<void>, logger: Logger): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      logger.info({ signal }, 'stopping; a second signal stops at once');
      stop().then(
        () => process.exit(0),
        (err: unknown) => {
          logger.error({ err }, 'could not stop in order');
          process.exit(1);
        },
      );
    });
  }
}

/** `/srv/fairlead: this user may not open it (permission denied)` */
function describeStartError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Errors of sockets and databases have no path; their own message names the address.
  return 'path' in error && typeof error.path === 'string'
    ? `${error.path}: ${describeFileError(error)}`
    : error.message;
}

const config = await readConfig(process.argv.slice(2), process.env);
if (!config.ok) {
  writeMessage(`${config.refused.join('\n')}\nnext:  fairlead server --help lists every option.`, 'error');
  process.exitCode = 2;
} else if (config.value === 'help') {
  process.stdout.write(`${USAGE}\n`);
} else {
  const logger = safeLogger({
    level: config.value.logLevel,
    base: null,
    serializers: LOG_SERIALIZERS,
    redact: ['*.password', '*.token', '*.authorization'],
  });
  try {
    stopOnSignal(await start(config.value, logger), logger);
  } catch (err) {
    // A port in use or a damaged key file is the operator's to mend: said in one line, without a stack.
    logger.debug({ err }, 'could not start');
    const why = err instanceof Failure ? sayRefusal(err.refusal) : describeStartError(err);
    writeMessage(`The control plane could not start: ${why}`, 'error');
    process.exitCode = 1;
  }
}
