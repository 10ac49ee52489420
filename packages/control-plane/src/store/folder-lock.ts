/**
 * One control plane per SQLite data folder. What a control plane reads is kept in memory (embedded-store.ts), so a second one
 * on the same file would sign orders from what the first has changed since.
 *
 * The lock is SQLite's own on an empty side database: the kernel drops it when the process ends, however it ends. The file
 * beside it only names the holder for people; a stale one locks nothing.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import { describeFileError } from '@fairlead/toolkit/file-error';
import BetterSqlite3 from 'better-sqlite3';
import { type Static, Type } from 'typebox';

const LockHolder = Type.Object({
  pid: Type.Integer(),
  host: Type.String(),
  since: Type.String({ description: 'RFC 3339' }),
});
type LockHolder = Static<typeof LockHolder>;

export interface FolderLock {
  release(): void;
}

const LOCK = 'control-plane.lock';
const HOLDER = 'control-plane.holder.json';

/**
 * Holds the folder until `release` or the end of this process; keep the answer, or the garbage collector releases it. Rejects
 * at once, naming the holder, where another process has the folder.
 */
export async function lockFolder(folder: string, holder: LockHolder): Promise<FolderLock> {
  const lock = new BetterSqlite3(join(folder, LOCK), { timeout: 0 });
  try {
    // A journal on the disk could not be begun where the disk is full, and there is nothing to undo.
    lock.pragma('journal_mode = MEMORY');
    // A write transaction that never ends. Nothing is written in it, so nothing can be damaged.
    lock.exec('begin immediate');
  } catch (cause) {
    lock.close();
    throw isBusy(cause) ? await folderInUse(folder, cause) : cause;
  }
  // Names only: a server that was killed on a full disk must come back, and answer its robots.
  await writeDurably(join(folder, HOLDER), `${JSON.stringify(holder)}\n`, { mode: 0o600 }).catch(() => undefined);
  return { release: () => void lock.close() };
}

const isBusy = (cause: unknown): boolean =>
  cause instanceof BetterSqlite3.SqliteError && cause.code.startsWith('SQLITE_BUSY');

async function folderInUse(folder: string, cause: unknown): Promise<Error> {
  const message =
    `Another control plane runs on the data folder ${folder}: ${await describeHolder(folder)}. ` +
    'Stop that one first, or give this one another folder with --data. Several replicas need PostgreSQL (--database).';
  return new Error(message, { cause });
}

async function describeHolder(folder: string): Promise<string> {
  try {
    const { pid, host, since } = parseOwn(LockHolder, await readFile(join(folder, HOLDER), 'utf8'));
    return `process ${pid} on ${host}, since ${since}`;
  } catch (cause) {
    return `its name is not known (${join(folder, HOLDER)}: ${describeFileError(cause)})`;
  }
}
