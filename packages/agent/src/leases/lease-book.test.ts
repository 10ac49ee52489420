import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unevenClock } from '@fairlead/shared/testing/test-clock';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { memoryAlarmRegister } from '../alarms/memory-alarm-register.ts';
import { type KeptLease, leaseAt, MAX_LEASES } from './lease.ts';
import { type LeaseBook, type LeaseDeps, openLeaseBook } from './lease-book.ts';
import { DAMAGED_FILE_OWNER } from './lease-file.ts';
import { leasePermission } from './lease-permission.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

async function robot() {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-leases-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const machine = { bootId: 'boot-1', uptime: 1000, now: NOON };
  const alarms: string[] = [];
  const ended: string[] = [];
  const register = memoryAlarmRegister({
    append: (event) => {
      if (event.event === 'alarm') alarms.push(event.refusal.category);
      if (event.event === 'alarm-resolved') ended.push(event.category);
    },
  });
  let changes = 0;
  const deps = (): LeaseDeps => ({
    file: join(folder, 'leases.json'),
    bootId: machine.bootId,
    uptimeSec: () => machine.uptime,
    clock: unevenClock(() => machine.now),
    alarmAfterSec: 3600,
    onChange: () => (changes += 1),
    alarms: register,
  });
  const books: LeaseBook[] = [];
  const start = async (): Promise<LeaseBook> => {
    books.at(-1)?.close();
    const book = await openLeaseBook(deps());
    books.push(book);
    return book;
  };
  onTestFinished(() => books.at(-1)?.close());
  /** Time goes by, on both clocks. */
  const pass = async (seconds: number): Promise<void> => {
    machine.uptime += seconds;
    machine.now += seconds * 1000;
    await vi.advanceTimersByTimeAsync(seconds * 1000 + 20);
  };
  return { folder, machine, alarms, ended, start, pass, changes: () => changes };
}
const MAPPING = { owner: 'navigation', reason: 'mapping run', ttlSec: 300 };

test('a busy robot does not switch, and says who is busy until when and with what', async () => {
  const { start, pass } = await robot();
  const book = await start();
  expect(await leasePermission(book).ask('duck' as never)).toEqual({ granted: true });
  await book.take(MAPPING);
  await book.take({ owner: 'arm', reason: 'holds a cup', ttlSec: 60 });
  expect(await leasePermission(book).ask('duck' as never)).toMatchObject({
    granted: false,
    askAgainInMs: 300_000,
    reason: {
      category: 'busy_lease',
      element: 'navigation',
      detail: 'lease of navigation until 2026-11-21T12:05:00.000Z: mapping run (and of arm)',
    },
  });
  await pass(10);
  expect(await book.extend('navigation', 600)).toMatchObject({ ageSec: 10, remainingSec: 600 });
  expect(await book.release('navigation')).toMatchObject({ owner: 'navigation' });
  expect(await book.extend('navigation', 600)).toBeUndefined();
  expect(book.list().map(({ owner }) => owner)).toEqual(['arm']);
});

test('a lease that was granted holds after a restart of the agent, and a released one does not come back', async () => {
  const { start, machine } = await robot();
  await (await start()).take(MAPPING);
  machine.uptime += 100;
  const again = await start();
  expect(again.list()).toMatchObject([{ owner: 'navigation', remainingSec: 200, ageSec: 100 }]);
  await again.release('navigation');
  expect((await start()).list()).toEqual([]);
});

test('a lease that outlives its owner vanishes, and that is told once', async () => {
  const { start, pass, alarms, changes } = await robot();
  const book = await start();
  await book.take(MAPPING);
  const before = changes();
  await pass(299);
  expect([book.list().length, alarms]).toEqual([1, []]);
  await pass(2);
  await expect.poll(() => alarms).toEqual(['lease_expired']);
  expect(book.list()).toEqual([]);
  await expect.poll(changes).toBeGreaterThan(before);
  await start();
  expect(alarms).toEqual(['lease_expired']);
});

test('a lease that expired while the robot was off is told at its next start', async () => {
  const { start, machine, alarms } = await robot();
  await (await start()).take(MAPPING);
  Object.assign(machine, { bootId: 'boot-2', uptime: 5, now: NOON + 3_600_000 });
  expect((await start()).list()).toEqual([]);
  expect(alarms).toEqual(['lease_expired']);
});

test('a lease that is extended again and again is told once when it has grown old', async () => {
  const { start, pass, alarms } = await robot();
  const book = await start();
  await book.take({ ...MAPPING, ttlSec: 3000 });
  await pass(2000);
  await book.extend('navigation', 3000);
  await pass(1700);
  await expect.poll(() => alarms).toEqual(['lease_old']);
  await book.extend('navigation', 3000);
  await pass(100);
  await (await start()).take(MAPPING);
  expect(alarms).toEqual(['lease_old']);
});

test('the clock may jump by years: within a boot a lease takes no notice', async () => {
  const { start, machine } = await robot();
  const book = await start();
  await book.take(MAPPING);
  machine.now -= 50 * 365 * 86_400_000;
  expect(book.list()).toMatchObject([{ remainingSec: 300 }]);
  machine.now += 90 * 365 * 86_400_000;
  machine.uptime += 60;
  expect(book.list()).toMatchObject([{ remainingSec: 240 }]);
  expect((await start()).list()).toMatchObject([{ remainingSec: 240 }]);
});

test('whatever the clocks do, a lease never holds for longer than was left of it, and across a boot not for ever', () => {
  const kept: KeptLease = {
    owner: 'a',
    reason: 'b',
    ageSec: 0,
    remainingSec: 300,
    bootId: 'one',
    uptimeSec: 50,
    at: new Date(NOON).toISOString(),
  };
  const moments = fc.array(
    fc.record({
      bootId: fc.constantFrom('one', 'two', 'three'),
      uptimeSec: fc.nat({ max: 100_000 }),
      now: fc.integer({ min: 0, max: NOON * 2 }),
    }),
    { maxLength: 10 },
  );
  fc.assert(
    fc.property(moments, (all) => {
      let lease = kept;
      for (const moment of all) {
        const next = leaseAt(lease, moment);
        expect(next.remainingSec).toBeLessThanOrEqual(lease.remainingSec);
        expect(next.ageSec).toBeGreaterThanOrEqual(lease.ageSec);
        lease = next;
      }
      expect(leaseAt(lease, { ...lease, now: 0, uptimeSec: lease.uptimeSec + 301 }).remainingSec).toBe(0);
    }),
  );
});

test('a robot whose lease file is damaged counts as busy, also after a restart, until a person has looked', async () => {
  const { folder, start, pass, alarms, ended } = await robot();
  await writeFile(join(folder, 'leases.json'), '{"schema":"fairlead.lea');
  const book = await start();
  expect([book.list().map(({ owner }) => owner), alarms]).toEqual([[DAMAGED_FILE_OWNER], ['bad_leases']]);
  expect((await readdir(folder)).some((name) => name.startsWith('leases.json.bad-'))).toBe(true);
  expect(await leasePermission(book).ask('duck' as never)).toMatchObject({
    granted: false,
    reason: { category: 'busy_lease', element: DAMAGED_FILE_OWNER },
  });
  // Neither programs that take and release leases, nor time, nor a restart make it free.
  expect(await book.take(MAPPING)).toMatchObject({ owner: 'navigation' });
  await book.release('navigation');
  await pass(100_000);
  const again = await start();
  expect([again.list().map(({ owner }) => owner), alarms]).toEqual([[DAMAGED_FILE_OWNER], ['bad_leases']]);
  expect(await again.extend(DAMAGED_FILE_OWNER, 60)).toBeUndefined();
  expect(await again.release(DAMAGED_FILE_OWNER)).toMatchObject({ owner: DAMAGED_FILE_OWNER });
  expect([again.list(), ended]).toEqual([[], ['bad_leases']]);
  expect((await start()).list()).toEqual([]);
});

test('a lease file that can’t be read at all, here a folder, counts as busy too', async () => {
  const { folder, start } = await robot();
  await mkdir(join(folder, 'leases.json'));
  for (const _start of [1, 2]) {
    expect((await start()).list().map(({ owner }) => owner)).toEqual([DAMAGED_FILE_OWNER]);
  }
});

test('a robot grants no more leases than its file holds, and reads all of them after a restart', async () => {
  const { folder, machine, start } = await robot();
  const kept = Array.from({ length: MAX_LEASES }, (_, at) => ({
    owner: `program-${at}`,
    reason: 'busy',
    ageSec: 0,
    remainingSec: 300,
    bootId: machine.bootId,
    uptimeSec: machine.uptime,
    at: new Date(NOON).toISOString(),
  }));
  await writeFile(join(folder, 'leases.json'), JSON.stringify({ schema: 'fairlead.leases.v1', leases: kept }));
  const book = await start();
  expect(await book.take(MAPPING)).toBeUndefined();
  expect(await book.take({ ...MAPPING, owner: 'program-7' })).toMatchObject({ owner: 'program-7' });
  const again = await start();
  expect(again.list()).toHaveLength(MAX_LEASES);
  await again.release('program-0');
  expect(await again.take(MAPPING)).toMatchObject({ owner: 'navigation' });
  expect((await start()).list()).toHaveLength(MAX_LEASES);
});

test('a lease that could not be kept is not granted', async () => {
  const { folder, start } = await robot();
  const book = await start();
  await rm(folder, { recursive: true });
  await expect(book.take(MAPPING)).rejects.toThrow('ENOENT');
  expect(book.list()).toEqual([]);
  await writeFile(folder, '');
});

test('the alarm of an expired lease ends when its owner is working again, that of an old one when it is released', async () => {
  const { start, pass, alarms, ended } = await robot();
  const book = await start();
  await book.take(MAPPING);
  await pass(301);
  await expect.poll(() => alarms).toEqual(['lease_expired']);
  await book.take({ ...MAPPING, ttlSec: 7200 });
  expect(ended).toEqual(['lease_expired']);
  await pass(3601);
  await expect.poll(() => alarms).toEqual(['lease_expired', 'lease_old']);
  await book.release(MAPPING.owner);
  expect(ended).toEqual(['lease_expired', 'lease_old']);
});
