/**
 * A disk that fills up at every stage, and is freed afterwards. Full at a step that writes much, the update ends as
 * failed and gives its room back; full where only the journal is written, it waits. The application never notices.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { begin, deploy, endOf } from '../system/harness/orders.ts';
import {
  expectUp,
  type FaultyFleet,
  restart,
  statusOf,
  test,
  untilExplained,
  untilOnline,
  untilTroubled,
} from './harness/faulty-fleet.ts';
import { inStep, isRoot, mountSmallDisk, type SmallDisk } from './harness/small-disk.ts';

let duck: LivingRobot;
let disk: SmallDisk;
const disks: SmallDisk[] = [];
afterAll(() => {
  for (const each of disks) each.unmount();
});

async function onSmallDisk(fleet: FaultyFleet, name: string, bare = false): Promise<LivingRobot> {
  disk = mountSmallDisk(join(fleet.folder, 'robots', name, 'root'), 96);
  disks.push(disk);
  if (bare) disk.fill();
  return fleet.join({ name, bare, config: { download: { maxKbPerSec: 8192 } } });
}

/** The order in which the tests wander: up, down, up. Big releases carry ballast, so that a step takes its time. */
async function prepare(fleet: FaultyFleet): Promise<void> {
  duck = await onSmallDisk(fleet, 'duck-1');
  const state = join(duck.folder, 'state');
  await mkdir(state);
  await writeFile(join(state, 'map'), randomBytes(8 * 1024 * 1024));
  const ballast = randomBytes(8 * 1024 * 1024);
  await publishRelease(fleet, {
    version: '4.0.0',
    policy: { seed: 4 },
    probationSec: 3,
    ballast,
    more: { state: { backup: [state] } },
  });
}

test.runIf(isRoot)(
  'full while it downloads or unpacks: failed, room given back, and the next order goes through',
  async ({ fleet }) => {
    await prepare(fleet);
    const { pid } = duck.agent;
    for (const step of ['download', 'stage', 'prove-parachute']) {
      const wanted = await begin(fleet, duck, 'walking@4.0.0');
      await inStep(duck, step, disk.fill);
      await pause(1_000);
      await expectUp(duck, 'walking@1.0.0');
      disk.free();
      const { view } = await endOf(fleet, wanted);
      expect([step, view.state, view.refusal?.category]).toEqual([step, 'failed', 'disk_full']);
      expect(view.refusal).toMatchObject({ phase: step, hint: expect.stringMatching(/^Free /) });
      await expectUp(duck, 'walking@1.0.0');
    }
    expect((await deploy(fleet, duck, 'walking@2.0.0')).view.state).toBe('succeeded');
    expect((await statusOf(duck)).unsentReports).toBe(0);
    expect(duck.agent.pid).toBe(pid);
  },
);

test.runIf(isRoot)(
  'full where only the journal is to be written: it waits, says why, and goes on by itself',
  async ({ fleet }) => {
    for (const [step, to] of [
      ['smoke-test', '3.0.0'],
      ['probation', '2.0.0'],
    ] as const) {
      const wanted = await begin(fleet, duck, `walking@${to}`);
      await inStep(duck, step, disk.fill);
      await untilTroubled(duck, 'disk_full');
      expect(await duck.health()).toBeDefined();
      disk.free();
      expect([step, (await endOf(fleet, wanted)).view.state]).toEqual([step, 'succeeded']);
      await expectUp(duck, `walking@${to}`);
    }
  },
);

test.runIf(isRoot)(
  'full when the agent starts: the application runs, the robot is seen, and it is well once there is room',
  async ({ fleet }) => {
    await restart(duck, disk.fill);
    await expectUp(duck, 'walking@2.0.0');
    await untilTroubled(duck, 'disk_full');
    await untilExplained(fleet, duck, 'disk_full');
    const wanted = await begin(fleet, duck, 'walking@3.0.0');
    await pause(2_000);
    await expectUp(duck, 'walking@2.0.0');
    disk.free();
    expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
    await expectUp(duck, 'walking@3.0.0');
  },
);

test.runIf(isRoot)(
  'full in the middle of an update whose agent then dies: the application runs, the update ends later',
  async ({ fleet }) => {
    const wanted = await begin(fleet, duck, 'walking@2.0.0');
    await inStep(duck, 'switch', disk.fill);
    await duck.agent.kill();
    duck.agent = duck.start();
    await expect.poll(async () => (await duck.health())?.ok, { timeout: 20_000 }).toBe(true);
    disk.free();
    const { view } = await endOf(fleet, wanted);
    await expectUp(duck, view.state === 'succeeded' ? 'walking@2.0.0' : 'walking@3.0.0');
  },
);

test.runIf(isRoot)('full while it has something to tell: it is told when there is room, once', async ({ fleet }) => {
  disk.fill();
  const before = await statusOf(duck);
  // Withdrawn before it began: a fact for the queue that no update writes a journal for.
  const wanted = await begin(fleet, duck, 'walking@1.0.0');
  await pause(2_000);
  expect((await fleet.fairlead('deployment', 'cancel', wanted.deployment)).exitCode).toBe(0);
  disk.free();
  await expect.poll(async () => (await statusOf(duck)).unsentReports, { timeout: 30_000 }).toBe(0);
  expect((await statusOf(duck)).components).toEqual(before.components);
  const { events } = await fleet.api.showDeployment({ params: { deployment: wanted.deployment } });
  expect(new Set(events.map(({ state }) => state)).size).toBe(events.length);
});

test.runIf(isRoot)(
  'full before its very first start: somebody stands in, and it enrols when there is room',
  async ({ fleet }) => {
    const swan = await onSmallDisk(fleet, 'swan-1', true);
    const { pid } = swan.agent;
    // Its socket may not fit either; that it lives, and what it says on stderr, is all there is.
    await pause(2_500);
    expect(swan.agent.alive()).toBe(true);
    disk.free();
    await untilOnline(fleet, swan);
    expect(swan.agent.pid).toBe(pid);
    expect((await deploy(fleet, swan, 'walking@1.0.0')).view.state).toBe('succeeded');
  },
);
