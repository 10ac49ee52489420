/**
 * Adapter: the unsigned queue in `spool.db`, bounded. When it is full, the oldest progress goes first, then the
 * oldest alarm, and the end of an update only where nothing else is left; how many went is told in an alarm.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import type { Refusal } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import { ReportEvent } from '@fairlead/shared/trust/report';
import Database from 'better-sqlite3';
import { Type } from 'typebox';
import type { QueuedEvent, Spool } from './outbox.ts';

export interface SpoolOptions {
  readonly file: string;
  readonly bootId: string;
  readonly clock: { now(): Instant; trust(): QueuedEvent['clockTrust'] };
  /** Default 2000, about 2 MB. */
  readonly maxEvents?: number;
  readonly onTrouble: (message: string, cause: unknown) => void;
  /** A fact was appended: whoever delivers may wake up. */
  readonly onAppend?: () => void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, time TEXT NOT NULL,
    clock_trust TEXT NOT NULL, boot_id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS by_kind ON events (kind, id);
  CREATE TABLE IF NOT EXISTS ended (id INTEGER PRIMARY KEY AUTOINCREMENT, deployment TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS shed (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO shed VALUES (1, 0);
`;
const Row = Type.Object({
  key: Type.String(),
  time: Type.String(),
  clock_trust: Type.Enum(['director', 'floor', 'system']),
  boot_id: Type.String(),
  body: Type.String(),
});
const REMEMBERED_ENDS = 500;

/** Opens (or makes) the spool. A damaged file is moved aside and its loss becomes the first event of the new one. */
export function openSqliteSpool(options: SpoolOptions): Spool {
  try {
    return spoolOn(open(options.file), options);
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    const aside = moveAside(options.file, options.clock.now());
    options.onTrouble(`${options.file} is damaged; moved to ${aside}`, cause);
    const spool = spoolOn(open(options.file), options);
    spool.append({ event: 'alarm', refusal: damaged(aside) });
    return spool;
  }
}

function open(file: string): Database.Database {
  const db = new Database(file);
  try {
    db.pragma('journal_mode = WAL');
    // FULL: what append() promised must survive a power cut, not only a crash.
    db.pragma('synchronous = FULL');
    if (db.pragma('quick_check', { simple: true }) !== 'ok') throw new Damage('quick_check failed');
    db.exec(SCHEMA);
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

function spoolOn(db: Database.Database, options: SpoolOptions): Spool {
  const most = options.maxEvents ?? 2000;
  const insert = db.prepare(
    'INSERT INTO events (key, time, clock_trust, boot_id, kind, body) VALUES (@key, @time, @clockTrust, @bootId, @kind, @body)',
  );
  const remember = db.prepare('INSERT OR IGNORE INTO ended (deployment) VALUES (?)');
  const forget = db.prepare('DELETE FROM ended WHERE id <= (SELECT max(id) FROM ended) - ?');
  const ended = db.prepare('SELECT 1 FROM ended WHERE deployment = ?');
  const counted = db.prepare('SELECT count(*) FROM events').pluck();
  const shedOne = db.prepare(`DELETE FROM events WHERE id = (SELECT id FROM events
    ORDER BY CASE kind WHEN 'update-state' THEN 0 WHEN 'alarm' THEN 1 ELSE 2 END, id LIMIT 1)`);
  const countShed = db.prepare('UPDATE shed SET count = count + 1');
  const shed = db.prepare('SELECT count FROM shed').pluck();
  const clearShed = db.prepare('UPDATE shed SET count = 0');
  const oldest = db.prepare('SELECT key, time, clock_trust, boot_id, body FROM events ORDER BY id LIMIT ?');
  const removeOne = db.prepare('DELETE FROM events WHERE key = ?');

  const count = (): number => Number(counted.get());
  const put = db.transaction((events: readonly QueuedEvent[]) => {
    for (const { body, ...event } of events) {
      insert.run({ ...event, kind: body.event, body: JSON.stringify(body) });
      if (body.event !== 'update-ended') continue;
      remember.run(body.deployment);
      forget.run(REMEMBERED_ENDS);
    }
    while (count() > most) {
      shedOne.run();
      countShed.run();
    }
  });
  const queued = (body: ReportEvent): QueuedEvent => ({
    key: randomBytes(12).toString('hex'),
    time: toTimestamp(options.clock.now()),
    clockTrust: options.clock.trust(),
    bootId: options.bootId,
    body,
  });
  /** What could not be written: kept in memory until the disk takes it, so that order and count hold. */
  let unwritten: QueuedEvent[] = [];
  const write = (events: readonly QueuedEvent[]): void => {
    unwritten = [...unwritten, ...events].slice(-most);
    try {
      put(unwritten);
      unwritten = [];
    } catch (cause) {
      options.onTrouble('a report could not be written to the spool', cause);
    }
  };

  /** A newer agent, rolled back since, may have written what this one can't read: it must not block the queue. */
  const dropUnreadable = (value: unknown): void => {
    const row = parse(Type.Object({ key: Type.String() }), value);
    if (row.ok) removeOne.run(row.value.key);
    countShed.run();
  };

  return {
    append(event) {
      write([queued(event)]);
      options.onAppend?.();
    },
    count: () => count() + unwritten.length,
    hasEnded: (deployment) =>
      ended.get(deployment) !== undefined ||
      unwritten.some(({ body }) => body.event === 'update-ended' && body.deployment === deployment),
    oldest(limit) {
      const lost = Number(shed.get());
      if (lost > 0) {
        write([queued({ event: 'alarm', refusal: overflowed(lost) })]);
        clearShed.run();
      } else if (unwritten.length > 0) write([]);
      const events: QueuedEvent[] = [];
      for (const row of oldest.all(limit)) {
        const event = toQueuedEvent(row);
        if (event) events.push(event);
        else dropUnreadable(row);
      }
      return events;
    },
    remove: db.transaction((keys: readonly string[]) => {
      for (const key of keys) removeOne.run(key);
    }),
    close: () => db.close(),
  };
}

function toQueuedEvent(value: unknown): QueuedEvent | undefined {
  const row = parse(Row, value);
  const body = row.ok ? parse(ReportEvent, JSON.parse(row.value.body)) : row;
  if (!row.ok || !body.ok) return undefined;
  const { key, time, clock_trust: clockTrust, boot_id: bootId } = row.value;
  return { key, time, clockTrust, bootId, body: body.value };
}

class Damage extends Error {
  readonly code = 'SQLITE_CORRUPT';
}
const isDamage = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && /^SQLITE_(CORRUPT|NOTADB)/.test(String(cause.code));

function moveAside(file: string, now: Instant): string {
  const aside = `${file}.damaged-${toTimestamp(now).replaceAll(/[:.]/g, '-')}`;
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  return aside;
}

const damaged = (aside: string): Refusal => ({
  phase: 'report',
  element: 'spool.db',
  category: 'store_damaged',
  detail: `The report queue was damaged; reports that were not sent are lost. The file is kept as ${aside}.`,
  retryable: false,
  hint: 'Check the disk of this robot.',
});
const overflowed = (lost: number): Refusal => ({
  phase: 'report',
  element: 'spool.db',
  category: 'reports_shed',
  detail: `The report queue was full; ${lost} of the oldest reports were shed.`,
  retryable: false,
  hint: 'The robot was offline for long; its present state is complete.',
});
