import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { test } from './harness/fleet.ts';
import { untilStep, untilSynced } from './harness/on-disk.ts';
import { begin, deploy, endOf, expectRunning } from './harness/orders.ts';

let duck: LivingRobot;

test('kill -9 in the middle of a download: the next agent goes on where it stood', async ({ fleet }) => {
  duck = await fleet.join({ name: 'duck-1' });
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1, parkMs: 1500 });
  await deploy(fleet, duck, 'walking@1.0.0');

  // More than a robot keeps without an fsync (8 MiB), so that there is something to go on from.
  const ballast = randomBytes(24 * 1024 * 1024);
  await publishRelease(fleet, { version: '2.0.0', policy: { seed: 2 }, probationSec: 1, parkMs: 1500, ballast });
  fleet.network.limit(6 * 1024 * 1024);
  const deployment = await begin(fleet, duck, 'walking@2.0.0');
  await untilSynced(duck);
  await duck.agent.kill();
  await expectRunning(duck, 'walking@1.0.0');

  fleet.network.limit(undefined);
  duck.agent = duck.start();
  expect((await endOf(fleet, deployment)).view.state).toBe('succeeded');
  await expectRunning(duck, 'walking@2.0.0');
  const ranges = fleet.network.exchanges.filter(({ path }) => path.startsWith('/blobs/')).map(({ range }) => range);
  expect(ranges.at(-1)).toMatch(/^bytes=[1-9][0-9]*-/);
});

test('kill -9 while the old release is being stopped: the next agent brings the switch to its end', async ({
  fleet,
}) => {
  const deployment = await begin(fleet, duck, 'walking@1.0.0');
  // The application takes 1.5 s to park its arm: the kill falls into the middle of the switch.
  await untilStep(duck, 'switch');
  await duck.agent.kill();
  duck.agent = duck.start();
  expect((await endOf(fleet, deployment)).view.state).toBe('succeeded');
  await expectRunning(duck, 'walking@1.0.0');
});

test('kill -9 in probation: the next agent finishes it', async ({ fleet }) => {
  const deployment = await begin(fleet, duck, 'walking@2.0.0');
  await untilStep(duck, 'probation');
  await duck.agent.kill();
  duck.agent = duck.start();
  expect((await endOf(fleet, deployment)).view.state).toBe('succeeded');
  await expectRunning(duck, 'walking@2.0.0');
});
