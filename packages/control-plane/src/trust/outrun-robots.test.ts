import { DAY, MINUTE } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { testFleet } from '../testing/test-fleet.ts';

async function publishedFleet() {
  const fleet = await testFleet();
  await fleet.publisher.publish({ version: '1.0.0' });
  const robot = await fleet.robot('duck-1');
  const versions = async (seen: { timestamp: number; snapshot: number }) => {
    const { assignment } = await robot.ask({ trust: { root: 1, role: 1, ...seen } });
    if (!assignment) throw new Error('it is accepted');
    return { timestamp: assignment.minTimestampVersion, snapshot: assignment.minSnapshotVersion };
  };
  const notices = async () => (await fleet.operator.listNotices()).items;
  return { ...fleet, robot, versions, notices };
}

describe('a repository that was restored from a backup', () => {
  test('is signed again above what its robots have seen, and says so', async () => {
    const { versions, notices } = await publishedFleet();
    const own = await versions({ timestamp: 0, snapshot: 0 });
    const seen = { timestamp: own.timestamp + 7, snapshot: own.snapshot + 3 };
    expect(await versions(seen)).toEqual({ timestamp: seen.timestamp + 1, snapshot: seen.snapshot + 1 });
    expect(await notices()).toMatchObject([{ action: 'trust.restored' }]);
  });

  test('gives the next release versions that robots take for news', async () => {
    const { versions, publisher } = await publishedFleet();
    const own = await versions({ timestamp: 0, snapshot: 0 });
    const seen = { timestamp: own.timestamp + 1, snapshot: own.snapshot + 1 };
    await versions(seen);
    await publisher.publish({ version: '2.0.0' });
    const next = await versions(seen);
    expect(next.timestamp).toBeGreaterThan(seen.timestamp + 1);
    expect(next.snapshot).toBeGreaterThan(seen.snapshot + 1);
  });
});

test('a robot that lies lifts the versions neither far nor often, and is one notice a day', async () => {
  const { versions, controlPlane, notices } = await publishedFleet();
  const own = await versions({ timestamp: 0, snapshot: 0 });
  const lie = { timestamp: Number.MAX_SAFE_INTEGER, snapshot: own.snapshot };
  const lifted = await versions(lie);
  expect(lifted).toEqual({ timestamp: own.timestamp + 1001, snapshot: own.snapshot + 1 });
  for (let round = 0; round < 3; round += 1) {
    controlPlane.clock.pass(10 * MINUTE);
    await versions(lie);
  }
  expect(await notices()).toHaveLength(1);
  controlPlane.clock.pass(DAY);
  expect((await versions(lie)).timestamp).toBeGreaterThan(lifted.timestamp + 1000);
});

test('a robot that has seen nothing newer changes nothing', async () => {
  const { versions, notices } = await publishedFleet();
  const own = await versions({ timestamp: 0, snapshot: 0 });
  expect(await versions(own)).toEqual(own);
  expect(await notices()).toEqual([]);
});
