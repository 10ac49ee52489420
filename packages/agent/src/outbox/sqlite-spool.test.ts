import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComponentName, DeploymentId } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openSqliteSpool } from './sqlite-spool.ts';

const DEPLOYMENT = 'dep_0000000001' as DeploymentId;
const ended: ReportEvent = {
  event: 'update-ended',
  deployment: DEPLOYMENT,
  component: 'duck-policy' as ComponentName,
  outcome: 'succeeded',
};

function robot() {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-spool-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const place = join(folder, 'root');
  const watch = { ms: 0 };
  const troubles: string[] = [];
  const open = () => {
    const spool = openSqliteSpool({
      file: join(place, 'spool.db'),
      bootId: 'boot',
      clock: Object.assign(testClock(0), { trust: () => 'system' as const }),
      onTrouble: (message) => troubles.push(message),
      elapsed: () => watch.ms,
    });
    onTestFinished(() => spool.close());
    return spool;
  };
  return { place, watch, troubles, open };
}

test('a robot that starts on a disk that takes no file keeps its reports in memory, and writes them when it can', () => {
  const { place, watch, troubles, open } = robot();
  const spool = open();
  spool.append(ended);
  expect([spool.count(), spool.hasEnded(DEPLOYMENT)]).toEqual([1, true]);
  // They can be delivered meanwhile, if the disk takes their signatures.
  expect(spool.oldest(10)).toMatchObject([{ body: ended }]);
  expect(troubles).toHaveLength(1);
  mkdirSync(place);
  watch.ms = 1_000;
  spool.append({ ...ended, deployment: 'dep_0000000002' as DeploymentId });
  spool.close();
  expect(open().oldest(10)).toHaveLength(2);
});

test('a queue that the disk spoils in the middle of the work is set aside, told, and goes on', () => {
  const { place, troubles, open } = robot();
  mkdirSync(place);
  const spool = open();
  for (let n = 0; n < 200; n += 1) spool.append({ ...ended, deployment: `dep_${n + 1000}000000` as DeploymentId });
  spool.oldest(1);
  writeFileSync(join(place, 'spool.db'), Buffer.alloc(64 * 1024, 'rot'));
  truncateSync(join(place, 'spool.db-wal'));
  spool.close();
  const again = open();
  again.append(ended);
  expect(again.oldest(10)).toMatchObject([{ body: { event: 'alarm', refusal: { category: 'store_damaged' } } }, {}]);
  expect(again.hasEnded(DEPLOYMENT)).toBe(true);
  expect(readdirSync(place).filter((name) => name.includes('.damaged-'))).not.toEqual([]);
  expect(troubles.at(-1)).toMatch(/damaged/);
});

test('what could not be removed is said so: it would be signed a second time', () => {
  const { open } = robot();
  const spool = open();
  spool.append(ended);
  const [first] = spool.oldest(1);
  expect(() => spool.remove([first?.key ?? ''])).toThrow();
});

describe('the last reported health of a component', () => {
  const DUCK = 'duck-policy' as ComponentName;
  const health = (state: 'degraded' | 'healthy'): ReportEvent => ({ event: 'health-changed', component: DUCK, state });

  test('is remembered after its report was delivered, and after a restart of the agent', () => {
    const { place, open } = robot();
    mkdirSync(place);
    const spool = open();
    expect(spool.lastHealth(DUCK)).toBeUndefined();
    spool.appendAll([health('degraded'), health('healthy'), health('degraded')]);
    spool.remove(spool.oldest(10).map(({ key }) => key));
    spool.close();
    const again = open();
    expect(again.count()).toBe(0);
    expect(again.lastHealth(DUCK)).toMatchObject({ event: { state: 'degraded' }, time: '1970-01-01T00:00:00.000Z' });
    expect(again.lastHealth('other' as ComponentName)).toBeUndefined();
  });

  test('is known while the disk takes nothing', () => {
    const { open } = robot();
    const spool = open();
    spool.appendAll([health('degraded')]);
    expect(spool.lastHealth(DUCK)?.event.state).toBe('degraded');
    expect(spool.count()).toBe(1);
  });
});
