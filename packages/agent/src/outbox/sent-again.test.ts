/** A control plane that was restored from a backup has lost reports that it had acknowledged. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import type { Envelope } from '@fairlead/shared/trust/assignment';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { GENESIS_REPORT, type ReportEvent } from '@fairlead/shared/trust/report';
import { openReport } from '@fairlead/shared/trust/sign-report';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Delivery, deliverOnce } from './deliver-reports.ts';
import { openReportChain } from './report-chain.ts';
import { openSqliteSpool } from './sqlite-spool.ts';
import { updateEnded } from './testing/update-ended.ts';

const robot = 'duck-1' as RobotId;
const key = generateKeyPair(new Uint8Array(32).fill(7));
const clock = Object.assign(testClock(1_800_000_000_000), { trust: () => 'director' as const });

/**
 * As the real one: a gap is taken only where the robot can't fill any part of it. A fork never is, nor a report from inside
 * a gap: it would quarantine the robot.
 */
function restorableServer() {
  let stored: { seq: number; sha256: string; fact: ReportEvent }[] = [];
  let backup: typeof stored = [];
  const forks: number[] = [];
  const head = () => stored.at(-1) ?? { seq: 0, sha256: GENESIS_REPORT };
  const accept = ({ envelopes, oldestKept }: { envelopes: readonly Envelope[]; oldestKept?: number }) => {
    for (const envelope of envelopes) {
      const opened = openReport(envelope, key.publicKey);
      if (!opened.ok) throw new Error(opened.refused.detail);
      const { report, sha256 } = opened.value;
      if (report.seq <= head().seq) {
        if (stored.find(({ seq }) => seq === report.seq)?.sha256 !== sha256) forks.push(report.seq);
        continue;
      }
      if (report.seq > head().seq + 1 && oldestKept !== undefined && oldestKept < report.seq) break;
      if (report.seq === head().seq + 1 && report.prevReportSha256 !== head().sha256) forks.push(report.seq);
      stored.push({ seq: report.seq, sha256, fact: report.body });
    }
    return { acknowledgedSeq: head().seq };
  };
  return {
    accept,
    /** For these the real one quarantines the robot. */
    forks,
    head: () => head().seq,
    facts: () => stored.map(({ fact }) => fact),
    backUp: () => void (backup = [...stored]),
    restore: () => void (stored = [...backup]),
  };
}

async function robotOf(server: ReturnType<typeof restorableServer>, folder: string) {
  const spool = openSqliteSpool({ file: join(folder, 'spool.db'), bootId: 'boot', clock, onTrouble: () => undefined });
  const chain = await openReportChain(join(folder, 'chain.json'), robot, signerFromSeed(key.seed));
  const told: number[] = [];
  let stored: number | undefined;
  const deliver = (isReplyLost = false) => {
    const client: Delivery['client'] = {
      report: async ({ body }) => {
        const reply = server.accept(body);
        if (isReplyLost) throw new Error('the reply is lost');
        return reply;
      },
    };
    const takeStored = () => {
      const taken = stored;
      stored = undefined;
      return taken;
    };
    const again = { kept: spool, takeStored, onMissing: (count: number) => void told.push(count) };
    return deliverOnce({ robot, spool, chain, client, again });
  };
  return {
    spool,
    told,
    deliver,
    /** What the answer to a check-in says. */
    checkIn: () => void (stored = server.head() < chain.acknowledged() ? server.head() : undefined),
    deliverAll: async () => {
      while ((await deliver()) > 0);
    },
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-again-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('a robot whose control plane was restored from a backup', () => {
  test('sends what is missing again, ahead of what is new', async () => {
    const server = restorableServer();
    const duck = await robotOf(server, newFolder());
    onTestFinished(() => duck.spool.close());
    duck.spool.append(updateEnded(1));
    await duck.deliverAll();
    server.backUp();
    for (const n of [2, 3]) duck.spool.append(updateEnded(n));
    await duck.deliverAll();
    server.restore();
    duck.spool.append(updateEnded(4));
    await duck.deliverAll();
    expect(server.facts()).toEqual([1, 2, 3, 4].map(updateEnded));
    expect(duck.told).toEqual([2]);
  });

  test('that has nothing new to say sends it again after the answer to a check-in', async () => {
    const server = restorableServer();
    const duck = await robotOf(server, newFolder());
    onTestFinished(() => duck.spool.close());
    for (const n of [1, 2]) duck.spool.append(updateEnded(n));
    await duck.deliverAll();
    server.restore();
    await duck.deliverAll();
    expect(server.facts()).toEqual([]);
    duck.checkIn();
    await duck.deliverAll();
    expect(server.facts()).toEqual([1, 2].map(updateEnded));
  });

  test('says so where it has kept nothing, and goes on behind the gap', async () => {
    const server = restorableServer();
    const folder = newFolder();
    const before = await robotOf(server, folder);
    before.spool.append(updateEnded(1));
    await before.deliverAll();
    before.spool.close();
    server.restore();
    rmSync(join(folder, 'spool.db'));
    const duck = await robotOf(server, folder);
    onTestFinished(() => duck.spool.close());
    duck.checkIn();
    await duck.deliverAll();
    expect(duck.told).toEqual([0]);
    duck.spool.append(updateEnded(2));
    await duck.deliverAll();
    expect(server.facts()).toEqual([updateEnded(2)]);
  });
});

const step = fc.constantFrom(
  'append',
  'append',
  'deliver',
  'deliver',
  'reply lost',
  'check in',
  'restart',
  'restore',
  'back up',
);

/** The robot and its control plane live through these steps, and then deliver what is left. */
async function live(steps: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-again-'));
  const server = restorableServer();
  let duck = await robotOf(server, folder);
  const appended: ReportEvent[] = [];
  for (const each of steps) {
    if (each === 'append') {
      appended.push(updateEnded(appended.length));
      duck.spool.append(updateEnded(appended.length - 1));
    } else if (each === 'restart' || each === 'lose the queue') {
      duck.spool.close();
      if (each === 'lose the queue') rmSync(join(folder, 'spool.db'), { force: true });
      duck = await robotOf(server, folder);
    } else if (each === 'check in') duck.checkIn();
    else if (each === 'back up') server.backUp();
    else if (each === 'restore') server.restore();
    else await duck.deliver(each === 'reply lost').catch(() => undefined);
  }
  await duck.deliverAll();
  duck.checkIn();
  await duck.deliverAll();
  duck.spool.close();
  rmSync(folder, { recursive: true });
  return { server, appended };
}

test('every fact is there once and in order in the end, whenever it was backed up, restored, cut off and restarted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), async (steps) => {
      const { server, appended } = await live(steps);
      expect(server.facts()).toEqual(appended);
      expect(server.forks).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

test('a robot that loses its queue is never taken for two machines, whenever its control plane is restored', async () => {
  const losing = fc.oneof({ arbitrary: step, weight: 6 }, { arbitrary: fc.constant('lose the queue'), weight: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(losing, { minLength: 6, maxLength: 20 }), async (steps) => {
      expect((await live(steps)).server.forks).toEqual([]);
    }),
    { numRuns: 25 },
  );
});
