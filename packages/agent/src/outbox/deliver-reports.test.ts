import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemError } from '@fairlead/shared/api/client';
import type { DeploymentId, RobotId } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import type { Envelope } from '@fairlead/shared/trust/assignment';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { GENESIS_REPORT, type ReportEvent } from '@fairlead/shared/trust/report';
import { openReport } from '@fairlead/shared/trust/sign-report';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { type Delivery, deliverOnce } from './deliver-reports.ts';
import type { Spool } from './outbox.ts';
import { openReportChain } from './report-chain.ts';
import { openSqliteSpool } from './sqlite-spool.ts';
import { updateEnded } from './testing/update-ended.ts';

const robot = 'duck-1' as RobotId;
const key = generateKeyPair(new Uint8Array(32).fill(7));
const signer = signerFromSeed(key.seed);
const progress = (n: number): ReportEvent => ({
  event: 'update-state',
  deployment: `dep_${String(n).padStart(10, '0')}` as DeploymentId,
  component: 'duck-policy' as never,
  state: 'downloading',
});

/** What the control plane does with reports: in order, without gaps, once. */
function fakeServer() {
  const facts: ReportEvent[] = [];
  let head = { seq: 0, sha256: GENESIS_REPORT };
  const accept = (envelopes: readonly Envelope[]): { acknowledgedSeq: number } => {
    for (const envelope of envelopes) {
      const opened = openReport(envelope, key.publicKey);
      if (!opened.ok) throw new Error(opened.refused.detail);
      const { report, sha256 } = opened.value;
      if (report.seq <= head.seq) continue;
      expect([report.seq, report.prevReportSha256]).toEqual([head.seq + 1, head.sha256]);
      head = { seq: report.seq, sha256 };
      facts.push(report.body);
    }
    return { acknowledgedSeq: head.seq };
  };
  return { facts, accept };
}

function robotFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-outbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
const clock = Object.assign(testClock(1_800_000_000_000), { trust: () => 'director' as const });
const openSpool = (folder: string, maxEvents = 2000): Spool =>
  openSqliteSpool({ file: join(folder, 'spool.db'), bootId: 'boot', clock, maxEvents, onTrouble: () => undefined });
const openChain = (folder: string) => openReportChain(join(folder, 'report-chain.json'), robot, signer);

type Fault = 'none' | 'request lost' | 'reply lost' | 'killed before the queue forgets' | 'server down';
const fault = fc.constantFrom<Fault>(
  'none',
  'request lost',
  'reply lost',
  'killed before the queue forgets',
  'server down',
);
const step = fc.oneof(
  fc.record({ append: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ deliver: fault, thenRestart: fc.boolean() }),
);

test('an update that ended while the disk took no report is not begun again', () => {
  const folder = robotFolder();
  const spool = openSpool(folder);
  onTestFinished(() => spool.close());
  const disk = new Database(join(folder, 'spool.db'));
  disk.exec("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END");
  spool.append(updateEnded(1));
  expect([spool.count(), spool.hasEnded('dep_0000000001' as DeploymentId)]).toEqual([1, true]);
  disk.exec('DROP TRIGGER full');
  disk.close();
  expect(spool.oldest(10)).toHaveLength(1);
});

test('every fact arrives exactly once and in order, whatever is lost and whenever the agent dies', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const folder = mkdtempSync(join(tmpdir(), 'fairlead-outbox-'));
      const server = fakeServer();
      let spool = openSpool(folder);
      let chain = await openChain(folder);
      const appended: ReportEvent[] = [];
      const deliver = (broken: Fault) => {
        const client: Delivery['client'] = {
          report: async ({ body }) => {
            if (broken === 'request lost' || broken === 'server down') throw new Error(broken);
            const reply = server.accept(body.envelopes);
            if (broken === 'reply lost') throw new Error(broken);
            return reply;
          },
        };
        const dying: Spool = {
          ...spool,
          remove(keys) {
            if (broken === 'killed before the queue forgets' && keys.length > 0) throw new Error(broken);
            spool.remove(keys);
          },
        };
        return deliverOnce({ robot, spool: dying, chain, client });
      };
      for (const each of steps) {
        if ('append' in each) {
          for (let n = 0; n < each.append; n++) {
            appended.push(updateEnded(appended.length));
            spool.append(updateEnded(appended.length - 1));
          }
          continue;
        }
        await deliver(each.deliver).catch(() => undefined);
        if (!each.thenRestart) continue;
        spool.close();
        spool = openSpool(folder);
        chain = await openChain(folder);
      }
      while ((await deliver('none')) > 0);
      spool.close();
      rmSync(folder, { recursive: true });
      expect(server.facts).toEqual(appended);
    }),
    { numRuns: 20 },
  );
});

test('a damaged queue is set aside, told, and the chain goes on where the server stands', async () => {
  const folder = robotFolder();
  const server = fakeServer();
  const spool = openSpool(folder);
  const chain = await openChain(folder);
  const client: Delivery['client'] = { report: async ({ body }) => server.accept(body.envelopes) };
  spool.append(updateEnded(1));
  await deliverOnce({ robot, spool, chain, client });
  spool.close();
  writeFileSync(join(folder, 'spool.db'), 'this was a database once'.repeat(400));

  const next = openSpool(folder);
  onTestFinished(() => next.close());
  await deliverOnce({ robot, spool: next, chain: await openChain(folder), client });
  expect(server.facts.map((fact) => (fact.event === 'alarm' ? fact.refusal.category : fact.event))).toEqual([
    'update-ended',
    'store_damaged',
  ]);
});

test('a full queue sheds progress before it sheds how an update ended, and says how much', () => {
  const spool = openSpool(robotFolder(), 4);
  onTestFinished(() => spool.close());
  for (const event of [progress(1), updateEnded(1), progress(2), updateEnded(2), progress(3), updateEnded(3)])
    spool.append(event);
  const kept = spool.oldest(10).map(({ body }) => (body.event === 'alarm' ? body.refusal.detail : body));
  expect(kept).toEqual([updateEnded(1), updateEnded(2), updateEnded(3), expect.stringContaining('2 of the oldest')]);
});

test('the end of a deployment is remembered after it was sent', async () => {
  const folder = robotFolder();
  const spool = openSpool(folder);
  onTestFinished(() => spool.close());
  spool.append(updateEnded(1));
  const client: Delivery['client'] = { report: async ({ body }) => fakeServer().accept(body.envelopes) };
  await deliverOnce({ robot, spool, chain: await openChain(folder), client });
  expect([spool.count(), spool.hasEnded('dep_0000000001' as DeploymentId)]).toEqual([0, true]);
  expect(spool.hasEnded('dep_0000000002' as DeploymentId)).toBe(false);
});

test('a batch that is too large goes one by one', async () => {
  const folder = robotFolder();
  const server = fakeServer();
  const spool = openSpool(folder);
  onTestFinished(() => spool.close());
  spool.append(updateEnded(1));
  spool.append(updateEnded(2));
  const client: Delivery['client'] = {
    report: async ({ body }) => {
      if (body.envelopes.length > 1) {
        throw new ProblemError({ type: 'about:blank', title: '', status: 413, code: 'too_large', detail: '' });
      }
      return server.accept(body.envelopes);
    },
  };
  expect(await deliverOnce({ robot, spool, chain: await openChain(folder), client })).toBe(1);
});

test('a server that acknowledges more than was signed is told apart as a fork', async () => {
  const folder = robotFolder();
  const spool = openSpool(folder);
  onTestFinished(() => spool.close());
  spool.append(updateEnded(1));
  const client: Delivery['client'] = { report: async () => ({ acknowledgedSeq: 9 }) };
  await expect(deliverOnce({ robot, spool, chain: await openChain(folder), client })).rejects.toMatchObject({
    refusal: { category: 'fork' },
  });
});

test('a robot that can no longer prove its history says so and keeps what it has to say', async () => {
  const folder = robotFolder();
  const spool = openSpool(folder);
  onTestFinished(() => spool.close());
  spool.append(updateEnded(1));
  writeFileSync(join(folder, 'report-chain.json'), '{"schema":');
  const chain = await openChain(folder);
  const client: Delivery['client'] = { report: () => Promise.reject(new Error('nothing may be sent')) };
  await expect(deliverOnce({ robot, spool, chain, client })).rejects.toMatchObject({
    refusal: { category: 'store_damaged' },
  });
  expect([chain.flight(), spool.count()]).toEqual([[], 1]);
  // A disk that only could not be read for a while.
  rmSync(join(folder, 'report-chain.json'));
  const server = fakeServer();
  const hearing: Delivery['client'] = { report: async ({ body }) => server.accept(body.envelopes) };
  expect(await deliverOnce({ robot, spool, chain, client: hearing })).toBe(0);
});

test('what was too much for the line is sent in smaller and smaller pieces', async () => {
  const folder = robotFolder();
  const server = fakeServer();
  const spool = openSpool(folder);
  onTestFinished(() => spool.close());
  for (let n = 0; n < 50; n += 1) spool.append(updateEnded(n));
  const sizes: number[] = [];
  const client: Delivery['client'] = {
    report: async ({ body }) => {
      sizes.push(body.envelopes.length);
      if (body.envelopes.length > 10) throw new Error('the line is too slow');
      return server.accept(body.envelopes);
    },
  };
  const chain = await openChain(folder);
  for (let failures = 0; failures < 4; failures += 1) {
    await deliverOnce({ robot, spool, chain, client }, failures).catch(() => undefined);
  }
  expect(sizes).toEqual([50, 25, 12, 6]);
  expect(server.facts).toHaveLength(6);
});
