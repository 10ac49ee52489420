import type { RobotId } from '@fairlead/shared/ids';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { noPostgres, startTestPostgres, type TestPostgres } from '../testing/test-postgres.ts';
import { openPostgresSignals } from './postgres-signals.ts';
import { describeSignals } from './signals-contract.ts';

const robotsNamed = (count: number) => Array.from({ length: count }, (_, at) => `duck-${at}` as RobotId);

describe.skipIf(noPostgres)(`PostgreSQL${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres?.remove());

  const open = async (url: string) => {
    const cuts: unknown[] = [];
    const signals = await openPostgresSignals({ url, onCut: (cause) => cuts.push(cause) });
    onTestFinished(() => signals.close());
    const woken: (RobotId | 'all')[] = [];
    signals.onWake((robots) => void (robots === 'all' ? woken.push('all') : woken.push(...robots)));
    const changes: string[] = [];
    signals.onChange('settings', () => changes.push('settings'));
    return { signals, woken, changes, cuts };
  };

  describeSignals('postgres', async () => (await open(await postgres.createDatabase())).signals);

  test('ten thousand robots that one replica wakes are heard of by the other, each once', async () => {
    const url = await postgres.createDatabase();
    const [a, b] = [await open(url), await open(url)];
    const robots = robotsNamed(10_000);
    a.signals.wake(robots);
    await vi.waitFor(() => expect(b.woken.length).toBe(robots.length), { timeout: 5000 });
    expect(b.woken).toEqual(robots);
    expect(a.woken).toEqual(robots);
  });

  test('a change on one replica is heard by the other, and another fleet hears nothing', async () => {
    const url = await postgres.createDatabase();
    const [a, b, other] = [await open(url), await open(url), await open(await postgres.createDatabase())];
    await postgres.query("select pg_notify('fairlead', 'nonsense')", url.split('/').at(-1));
    a.signals.changed('settings');
    await vi.waitFor(() => expect(b.changes).toEqual(['settings']));
    expect(other.changes).toEqual([]);
  });

  test('what is said last, just before the end, is heard', async () => {
    const url = await postgres.createDatabase();
    const [a, b] = [await open(url), await open(url)];
    a.signals.wake(robotsNamed(1));
    await a.signals.close();
    await vi.waitFor(() => expect(b.woken).toEqual(robotsNamed(1)));
  });

  test('after a restart of the database everybody looks once, and what was said meanwhile is still told', async () => {
    const url = await postgres.createDatabase();
    const [a, b] = [await open(url), await open(url)];
    await postgres.stop();
    await vi.waitFor(() => expect(b.signals.verdict()).toMatchObject({ ok: false }));
    expect(b.signals.verdict().detail).toMatch(/cut off from the other replicas for \d+ s/);
    a.signals.wake(robotsNamed(2));
    await postgres.start();
    await vi.waitFor(() => expect(b.signals.verdict()).toMatchObject({ ok: true }), { timeout: 15_000 });
    await vi.waitFor(() => expect(a.signals.verdict()).toMatchObject({ ok: true }), { timeout: 15_000 });
    expect(b.woken).toContain('all');
    expect(b.changes).toContain('settings');
    expect(b.cuts).toHaveLength(1);
    // Whether or not `all` came after it: a new one is heard again.
    a.signals.wake(['goose' as RobotId]);
    await vi.waitFor(() => expect(b.woken).toContain('goose'));
  });

  test('where the database is not reachable at the start, that is said', async () => {
    await expect(openPostgresSignals({ url: 'postgres://a:b@127.0.0.1:1/nothing' })).rejects.toThrow(/ECONNREFUSED/);
  });
});
