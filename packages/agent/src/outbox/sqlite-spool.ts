/**
 * Adapter: the unsigned queue in `spool.db`, bounded. When it is full, the oldest progress goes first, then the
 * oldest alarm, and the end of an update only where nothing else is left; how many went is told in an alarm.
 *
 * A disk that takes nothing, at the start or in the middle of the work, is no reason to fail: facts wait in memory
 * until it does. A damaged file is moved aside and its loss becomes the first fact of the new one.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import type { Refusal } from '@fairlead/shared/failure';
import { type Clock, type Instant, toTimestamp } from '@fairlead/shared/time';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { sayDiskError } from '../releases/disk-errors.ts';
import type { KeptReports } from './kept-reports.ts';
import type { HealthReports, QueuedEvent, Spool } from './outbox.ts';
import type { SignedReport } from './report-chain.ts';
import { isDamage, openSpoolDatabase, type SpoolDatabase } from './spool-database.ts';

export interface SpoolOptions {
  readonly file: string;
  readonly bootId: string;
  readonly clock: Clock & { trust(): QueuedEvent['clockTrust'] };
  /** Default 2000, about 2 MB. */
  readonly maxEvents?: number;
  /** Hears of a trouble once, until another one or none takes its place. */
  readonly onTrouble: (message: string, cause: unknown) => void;
  /** A fact was appended: whoever delivers may wake up. */
  readonly onAppend?: () => void;
  /** Monotonic milliseconds. Default: the machine's. */
  readonly elapsed?: () => number;
}

/** A file that could not be opened is tried again so often. */
const TRY_AGAIN_MS = 1_000;

export function openSqliteSpool(options: SpoolOptions): Spool & HealthReports & KeptReports {
  const most = options.maxEvents ?? 2000;
  const elapsed = options.elapsed ?? (() => performance.now());
  let database: SpoolDatabase | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let trouble: unknown;
  /** What could not be written: kept in memory until the disk takes it, so that order and count hold. */
  let unwritten: QueuedEvent[] = [];

  const note = (message: string, cause: unknown): void => {
    if (String(trouble) !== String(cause)) options.onTrouble(message, cause);
    trouble = cause;
  };
  const queued = (body: ReportEvent): QueuedEvent => ({
    key: randomBytes(12).toString('hex'),
    time: toTimestamp(options.clock.now()),
    clockTrust: options.clock.trust(),
    bootId: options.bootId,
    body,
  });
  const letGo = (): void => {
    try {
      database?.close();
    } catch {
      // What is broken may also break on its way out.
    }
    database = undefined;
  };
  /** Throws where not even that works. */
  const beginAnew = (cause: unknown): SpoolDatabase => {
    letGo();
    const aside = moveAside(options.file, options.clock.now());
    note(`${options.file} is damaged; moved to ${aside}`, cause);
    database = openSpoolDatabase(options.file, most);
    unwritten.unshift(queued({ event: 'alarm', refusal: damaged(aside) }));
    return database;
  };
  const opened = (): SpoolDatabase => {
    if (database) return database;
    if (elapsed() - triedAt < TRY_AGAIN_MS) throw trouble ?? new Error('the spool is closed');
    triedAt = elapsed();
    try {
      database = openSpoolDatabase(options.file, most);
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      database = beginAnew(cause);
    }
    return database;
  };
  /** Throws what the disk does; after damage the work is done on a new file. */
  const use = <T>(work: (database: SpoolDatabase) => T): T => {
    try {
      return work(opened());
    } catch (cause) {
      if (isDamage(cause) && database) return work(beginAnew(cause));
      // A handle that met a dying disk is not trusted any more; a full one is only full.
      if (sayDiskError(cause)?.category === 'io') letGo();
      throw cause;
    }
  };
  const attempt = <T>(work: (database: SpoolDatabase) => T, instead: T): T => {
    try {
      return use(work);
    } catch (cause) {
      note('the spool of reports can’t be used; they wait in memory', cause);
      return instead;
    }
  };
  const write = (events: readonly QueuedEvent[]): void => {
    unwritten = [...unwritten, ...events].slice(-most);
    attempt((it) => {
      // Opening it may have added the word of its own damage.
      it.put(unwritten);
      unwritten = [];
      trouble = undefined;
    }, undefined);
  };

  const appendAll = (events: readonly ReportEvent[]): void => {
    write(events.map(queued));
    options.onAppend?.();
  };

  const keptUpTo: KeptReports['keptUpTo'] = (keyid, last, after) => {
    const found: SignedReport[] = [];
    for (const report of attempt((it) => [...it.kept(keyid, last, after)], [])) {
      if (report.seq !== last - found.length) break;
      found.push(report);
    }
    return found.toReversed();
  };

  const spool: Spool & HealthReports & KeptReports = {
    append: (event) => appendAll([event]),
    appendAll,
    lastHealth(component) {
      for (const { time, body } of unwritten.toReversed()) {
        if (body.event === 'health-changed' && body.component === component) return { time, event: body };
      }
      return attempt((it) => it.lastHealth(component), undefined);
    },
    count: () => attempt((it) => it.count(), 0) + unwritten.length,
    hasEnded: (deployment) =>
      unwritten.some(({ body }) => body.event === 'update-ended' && body.deployment === deployment) ||
      attempt((it) => it.hasEnded(deployment), false),
    oldest(limit) {
      const lost = attempt((it) => it.shed(), 0);
      if (lost > 0) {
        write([queued({ event: 'alarm', refusal: overflowed(lost) })]);
        attempt((it) => it.clearShed(), undefined);
      } else if (unwritten.length > 0) write([]);
      return [...attempt((it) => it.oldest(limit), []), ...unwritten].slice(0, limit);
    },
    // Throws where the disk does not take it: what is not removed would be signed a second time.
    remove(keys) {
      const gone = new Set(keys);
      unwritten = unwritten.filter(({ key }) => !gone.has(key));
      if (keys.length > 0) use((it) => it.remove(keys));
    },
    keep: (reports) => attempt((it) => it.keep(reports), undefined),
    keptUpTo,
    oldestKept: (keyid, last) => keptUpTo(keyid, last, 0)[0]?.seq,
    close: letGo,
  };
  // A damaged file is found, and told of, at the start and not at the first fact.
  if (attempt(() => true, false) && unwritten.length > 0) write([]);
  return spool;
}

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
