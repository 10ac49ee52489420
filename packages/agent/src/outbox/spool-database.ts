/** `spool.db`: the queue's rows, the ends and the sent reports that are remembered, how much was shed. Throws what SQLite throws. */
import type { HealthChanged } from '@fairlead/shared/health/health-reports';
import type { ComponentName, DeploymentId, Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { ReportEvent } from '@fairlead/shared/trust/report';
import Database from 'better-sqlite3';
import { Type } from 'typebox';
import type { QueuedEvent } from './outbox.ts';
import { readSignedReport, type SignedReport } from './report-chain.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, time TEXT NOT NULL,
    clock_trust TEXT NOT NULL, boot_id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS by_kind ON events (kind, id);
  CREATE TABLE IF NOT EXISTS ended (id INTEGER PRIMARY KEY AUTOINCREMENT, deployment TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS health (component TEXT PRIMARY KEY, time TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS shed (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO shed VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS kept (
    keyid TEXT NOT NULL, seq INTEGER NOT NULL, key TEXT NOT NULL, sha256 TEXT NOT NULL, envelope TEXT NOT NULL,
    PRIMARY KEY (keyid, seq)) STRICT;
`;
const Row = Type.Object({
  key: Type.String(),
  time: Type.String(),
  clock_trust: Type.Enum(['director', 'floor', 'system']),
  boot_id: Type.String(),
  body: Type.String(),
});
const REMEMBERED_ENDS = 500;
/** About as many kilobytes, and weeks of a robot's life: more than the age of a backup. */
const KEPT_REPORTS = 500;
const KeptRow = Type.Object({
  seq: Type.Integer(),
  key: Type.String(),
  sha256: Type.String(),
  envelope: Type.String(),
});

export interface SpoolDatabase {
  /** All or nothing, durable on return; sheds down to `most`. */
  put(events: readonly QueuedEvent[]): void;
  count(): number;
  hasEnded(deployment: DeploymentId): boolean;
  lastHealth(component: ComponentName): { readonly time: string; readonly event: HealthChanged } | undefined;
  oldest(limit: number): QueuedEvent[];
  remove(keys: readonly string[]): void;
  /** How many were shed since `clearShed`. */
  shed(): number;
  clearShed(): void;
  /** Forgets the oldest, and those of another key. */
  keep(reports: readonly SignedReport[]): void;
  /** The newest first, from `last` down. */
  kept(keyid: Sha256, last: number, after: number): Iterable<SignedReport>;
  close(): void;
}

export function openSpoolDatabase(file: string, most: number): SpoolDatabase {
  const db = open(file);
  const insert = db.prepare(
    'INSERT INTO events (key, time, clock_trust, boot_id, kind, body) VALUES (@key, @time, @clockTrust, @bootId, @kind, @body)',
  );
  const remember = db.prepare('INSERT OR IGNORE INTO ended (deployment) VALUES (?)');
  const forget = db.prepare('DELETE FROM ended WHERE id <= (SELECT max(id) FROM ended) - ?');
  const ended = db.prepare('SELECT 1 FROM ended WHERE deployment = ?');
  const rememberHealth = db.prepare('INSERT OR REPLACE INTO health (component, time, body) VALUES (?, ?, ?)');
  const health = db.prepare('SELECT time, body FROM health WHERE component = ?');
  const counted = db.prepare('SELECT count(*) FROM events').pluck();
  const shedOne = db.prepare(`DELETE FROM events WHERE id = (SELECT id FROM events
    ORDER BY CASE kind WHEN 'update-state' THEN 0 WHEN 'alarm' THEN 1 ELSE 2 END, id LIMIT 1)`);
  const countShed = db.prepare('UPDATE shed SET count = count + 1');
  const shed = db.prepare('SELECT count FROM shed').pluck();
  const clearShed = db.prepare('UPDATE shed SET count = 0');
  const oldest = db.prepare('SELECT key, time, clock_trust, boot_id, body FROM events ORDER BY id LIMIT ?');
  const removeOne = db.prepare('DELETE FROM events WHERE key = ?');
  const keepOne = db.prepare(
    'INSERT OR REPLACE INTO kept (keyid, seq, key, sha256, envelope) VALUES (@keyid, @seq, @key, @sha256, @envelope)',
  );
  const keepNoMore = db.prepare('DELETE FROM kept WHERE keyid <> @keyid OR seq <= @before');
  const kept = db.prepare('SELECT * FROM kept WHERE keyid = ? AND seq <= ? AND seq > ? ORDER BY seq DESC');
  const count = (): number => Number(counted.get());
  /** A newer agent, rolled back since, may have written what this one can't read: it must not block the queue. */
  const dropUnreadable = (value: unknown): void => {
    const row = parse(Type.Object({ key: Type.String() }), value);
    if (row.ok) removeOne.run(row.value.key);
    countShed.run();
  };

  return {
    put: db.transaction((events: readonly QueuedEvent[]) => {
      for (const { body, ...event } of events) {
        insert.run({ ...event, kind: body.event, body: JSON.stringify(body) });
        if (body.event === 'health-changed') rememberHealth.run(body.component, event.time, JSON.stringify(body));
        if (body.event !== 'update-ended') continue;
        remember.run(body.deployment);
        forget.run(REMEMBERED_ENDS);
      }
      while (count() > most) {
        shedOne.run();
        countShed.run();
      }
    }),
    count,
    hasEnded: (deployment) => ended.get(deployment) !== undefined,
    lastHealth: (component) => toReportedHealth(health.get(component)),
    oldest: (limit) => {
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
    shed: () => Number(shed.get()),
    clearShed: () => void clearShed.run(),
    keep: db.transaction((reports: readonly SignedReport[]) => {
      for (const { envelope, ...report } of reports) {
        const keyid = envelope.signatures[0]?.keyid ?? '';
        keepOne.run({ ...report, keyid, envelope: JSON.stringify(envelope) });
        keepNoMore.run({ keyid, before: report.seq - KEPT_REPORTS });
      }
    }),
    kept: (keyid, last, after) => kept.all(keyid, last, after).flatMap((row) => toSignedReport(row) ?? []),
    close: () => void db.close(),
  };
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

function toQueuedEvent(value: unknown): QueuedEvent | undefined {
  const row = parse(Row, value);
  const body = row.ok ? parse(ReportEvent, JSON.parse(row.value.body)) : row;
  if (!row.ok || !body.ok) return undefined;
  const { key, time, clock_trust: clockTrust, boot_id: bootId } = row.value;
  return { key, time, clockTrust, bootId, body: body.value };
}

function toSignedReport(value: unknown): SignedReport | undefined {
  const row = parse(KeptRow, value);
  if (!row.ok) return undefined;
  const { seq, key, sha256, envelope } = row.value;
  return readSignedReport({ seq, key, sha256, envelope: JSON.parse(envelope) });
}

const HealthRow = Type.Object({ time: Type.String(), body: Type.String() });

/** Undefined where nothing was reported, or a newer agent wrote what this one can't read. */
function toReportedHealth(value: unknown): ReturnType<SpoolDatabase['lastHealth']> {
  const row = parse(HealthRow, value);
  const body = row.ok ? parse(ReportEvent, JSON.parse(row.value.body)) : row;
  if (!row.ok || !body.ok || body.value.event !== 'health-changed') return undefined;
  return { time: row.value.time, event: body.value };
}

class Damage extends Error {
  readonly code = 'SQLITE_CORRUPT';
}
export const isDamage = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && /^SQLITE_(CORRUPT|NOTADB)/.test(String(cause.code));
