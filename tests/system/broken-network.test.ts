import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { type TestFleet, test } from './harness/fleet.ts';
import { untilCommitted, untilPart } from './harness/on-disk.ts';
import { begin, deploy, endOf, expectRunning, historyOf, untilState } from './harness/orders.ts';

const MIB = 1024 * 1024;
let duck: LivingRobot;

test('a control plane that dies in the middle of an update does not stop the robot', async ({ fleet }) => {
  duck = await fleet.join({ name: 'duck-1' });
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
  await publishRelease(fleet, { version: '2.0.0', policy: { seed: 2 }, probationSec: 4 });
  await deploy(fleet, duck, 'walking@1.0.0');

  const deployment = await begin(fleet, duck, 'walking@2.0.0');
  await untilState(fleet, deployment, 'probation');
  await fleet.server.kill();
  await untilCommitted(duck, '2.0.0');
  await expectRunning(duck, 'walking@2.0.0');

  fleet.server = await fleet.controlPlane.start();
  expect((await endOf(fleet, deployment)).view.state).toBe('succeeded');
});

test('what happened while a robot was offline arrives exactly once, also through an agent that restarted', async ({
  fleet,
}) => {
  const deployment = await begin(fleet, duck, 'walking@1.0.0');
  await untilState(fleet, deployment, 'switching');
  fleet.network.cut();
  await untilCommitted(duck, '1.0.0');
  await duck.agent.kill();
  duck.agent = duck.start();
  fleet.network.mend();
  const { events } = await endOf(fleet, deployment);
  expect(events.filter(({ state }) => state === 'succeeded')).toHaveLength(1);
  const facts = (await historyOf(fleet, duck)).flatMap((item) =>
    item.events.map(({ state }) => `${item.deployment.deployment} ${state}`),
  );
  expect(new Set(facts).size).toBe(facts.length);
});

test('a download that was cut goes on where it stood', async ({ fleet }) => {
  const plan = { version: '3.0.0', policy: { seed: 3 }, probationSec: 1, ballast: randomBytes(2 * MIB) };
  await publishRelease(fleet, plan);
  fleet.network.limit(256 * 1024);
  const deployment = await begin(fleet, duck, 'walking@3.0.0');
  await untilPart(duck);
  fleet.network.cut();
  await pause(500);
  fleet.network.mend();
  fleet.network.limit(undefined);
  expect((await endOf(fleet, deployment)).view.state).toBe('succeeded');
  expect(rangesOf(fleet).at(-1)).toMatch(/^bytes=[1-9][0-9]*-/);
});

const rangesOf = (fleet: TestFleet): (string | undefined)[] =>
  fleet.network.exchanges.filter(({ path }) => path.startsWith('/blobs/')).map(({ range }) => range);
