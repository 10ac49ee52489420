/**
 * The robot's memory of trust, in one SQLite file outside the release slots: trusted metadata, the time floor,
 * the last assignment. tuf-js writes files in place; after a power cut a truncated root.json would stop updates
 * for ever and a truncated timestamp.json would forget what must not roll back (TRUST 2, findings 3 and 4).
 */
import { Failure, type Refusal } from '@fairlead/shared/failure';
import Database from 'better-sqlite3';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS metadata (file TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS remembered (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;
export type StateKey = 'pinned-root' | 'time-floor' | 'last-assignment';
/** File name as tuf-js chooses it (`root.json`, `production.json`) -> exact bytes. */
export type MetadataFiles = ReadonlyMap<string, Buffer>;

export interface TrustDatabase {
  metadata(): MetadataFiles;
  state(key: StateKey): string | undefined;
  remembered(name: string): Buffer | undefined;
  remember(name: string, bytes: Uint8Array): void;
  /** All or nothing, durable on return, also through a power cut. */
  keep(changes: { readonly files?: MetadataFiles; readonly state?: Partial<Record<StateKey, string>> }): void;
  close(): void;
}

/** Opens or makes the file; ':memory:' for tests. Throws a Failure where it cannot be used. */
export function openTrustDatabase(file: string): TrustDatabase {
  const db = open(file);
  const readAll = db.prepare<[], { file: string; bytes: Buffer }>('SELECT file, bytes FROM metadata');
  const readState = db.prepare<[string], { value: string }>('SELECT value FROM state WHERE key = ?');
  const readOne = db.prepare<[string], { bytes: Buffer }>('SELECT bytes FROM remembered WHERE name = ?');
  const putFile = db.prepare('INSERT OR REPLACE INTO metadata VALUES (?, ?)');
  const putState = db.prepare('INSERT OR REPLACE INTO state VALUES (?, ?)');
  const putOne = db.prepare('INSERT OR REPLACE INTO remembered VALUES (?, ?)');
  return {
    metadata: () => new Map(readAll.all().map((row) => [row.file, row.bytes])),
    state: (key) => readState.get(key)?.value,
    remembered: (name) => readOne.get(name)?.bytes,
    remember: (name, bytes) => void putOne.run(name, bytes),
    keep: db.transaction(({ files = new Map(), state = {} }) => {
      for (const [name, bytes] of files) putFile.run(name, bytes);
      for (const [key, value] of Object.entries(state)) putState.run(key, value);
    }),
    close: () => void db.close(),
  };
}

/** Whether SQLite says that the file itself is broken, which no retry and no network can mend. */
export const isDamage = (error: unknown): boolean =>
  error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);

/** A full disk, a read-only file system …, in a word; undefined where the error is a bug of ours. */
export const saySystemError = (error: unknown): string | undefined =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(E[A-Z]+|SQLITE_.*)$/.test(error.code)
    ? error.code
    : undefined;

class Damage extends Error {}

function open(file: string): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(file);
    db.pragma('journal_mode = WAL');
    // FULL: what was seen once must still be known after the power cut that an attacker can cause.
    db.pragma('synchronous = FULL');
    if (db.pragma('quick_check', { simple: true }) !== 'ok') throw new Damage('its pages do not fit together');
    db.exec(SCHEMA);
    return db;
  } catch (cause) {
    db?.close();
    throw new Failure(cannotOpen(file, cause), { cause });
  }
}

/** SHMSIZE is what SQLite says where its shared memory file can't grow. */
export const isFull = (cause: unknown): boolean =>
  /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC)$/.test(saySystemError(cause) ?? '');

function cannotOpen(file: string, cause: unknown): Refusal {
  const isLost = isDamage(cause) || cause instanceof Damage;
  return {
    phase: 'verify',
    element: file,
    category: isLost ? 'store_damaged' : isFull(cause) ? 'disk_full' : 'io',
    detail: `The trust database cannot be opened (${cause instanceof Error ? cause.message : 'unknown error'}).`,
    retryable: !isLost,
    hint: isLost
      ? 'Check the disk, then move the file away: trust begins again from the pinned root, and forgets what it has seen.'
      : 'Check that the disk has room and that the folder may be written.',
  };
}
