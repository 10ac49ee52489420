import { setTimeout as pause } from 'node:timers/promises';
import type { InputOf } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { RolloutId } from '@fairlead/shared/ids';
import { describe, expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { deploy, expectRunning } from '../system/harness/orders.ts';
import { noPostgres, type Replica, type Replicas, test } from './harness/replicas.ts';

type Create = InputOf<(typeof operatorApi)['createRollout']>['body'];

/** Robot after robot, with a rest in between that is longer than a driver's lease. */
const STAGES = [{ upTo: { count: 1 }, soakSec: 14 }, { upTo: { percent: 100 } }];

async function startRollout({ fleet }: Replicas, version: string): Promise<RolloutId> {
  const shape = { strategy: 'custom', stages: STAGES };
  const body = { target: { all: true }, component: 'walking', version, shape, allowDowngrade: true, seed: 'one' };
  const { rollout } = await fleet.api.createRollout({ body: body as Create });
  return rollout;
}

/** The replica that holds the lease, and the other one. */
async function driverOf(replicas: Replicas, rollout: RolloutId): Promise<{ driver: Replica; other: Replica }> {
  const holder = await waitFor('somebody to drive', async () => {
    const rows = await replicas.postgres.query(
      `select holder from rollout_drivers where rollout = '${rollout}'`,
      replicas.database,
    );
    return rows[0]?.['holder'];
  });
  const { a, b } = replicas;
  const isA = String(holder).includes(` ${a.server.pid} `);
  return isA ? { driver: a, other: b } : { driver: b, other: a };
}

async function untilStage({ api }: Replica, rollout: RolloutId, state: string) {
  return waitFor(
    `the first stage to be ${state}`,
    async () => {
      const view = await api.showRollout({ params: { rollout } });
      return view.stages[0]?.state === state ? view : undefined;
    },
    { timeoutMs: 90_000 },
  );
}

/** Completed; each stage begun and passed once, each robot ordered once. */
async function expectDrivenOnce({ api }: Replica, rollout: RolloutId) {
  await waitFor(
    'the rollout to be completed',
    async () => (await api.showRollout({ params: { rollout } })).state === 'completed' || undefined,
    { timeoutMs: 90_000 },
  );
  const { items } = await api.rolloutHistory({ params: { rollout } });
  const happened = items.map(({ what, detail }) => `${what} ${detail ?? ''}`);
  expect(new Set(happened).size, happened.join('\n')).toBe(happened.length);
  const members = await api.listRolloutRobots({ params: { rollout } });
  expect(members.items.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
}

describe.skipIf(noPostgres)(`the driver of a rollout${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  const ducks: LivingRobot[] = [];

  test('killed with -9 between two stages: the other replica drives on', async ({ replicas }) => {
    const { fleet, network } = replicas;
    for (const name of ['duck-1', 'duck-2']) ducks.push(await replicas.join(name));
    for (const seed of [1, 2, 3]) {
      await publishRelease(fleet, { version: `${seed}.0.0`, policy: { seed }, probationSec: 1 });
    }
    for (const robot of ducks) await deploy(fleet, robot, 'walking@1.0.0');

    const rollout = await startRollout(replicas, '2.0.0');
    const { driver, other } = await driverOf(replicas, rollout);
    await untilStage(other, rollout, 'soaking');
    await driver.server.kill();
    network.leadTo(other.controlPlane.url);
    await expectDrivenOnce(other, rollout);
    for (const robot of ducks) await expectRunning(robot, 'walking@2.0.0');
    driver.server = await driver.controlPlane.start();
  });

  test('stopped past its lease and woken: the other has taken over, and nothing is done twice', async ({
    replicas,
  }) => {
    const { network } = replicas;
    const rollout = await startRollout(replicas, '3.0.0');
    const { driver, other } = await driverOf(replicas, rollout);
    await untilStage(other, rollout, 'soaking');
    process.kill(driver.server.pid, 'SIGSTOP');
    network.leadTo(other.controlPlane.url);
    // It wakes while the other one drives the second stage.
    const second = waitFor(
      'the second stage',
      async () => (await other.api.showRollout({ params: { rollout } })).stage > 0 || undefined,
      { timeoutMs: 60_000 },
    );
    await second;
    expect((await driverOf(replicas, rollout)).driver).toBe(other);
    process.kill(driver.server.pid, 'SIGCONT');
    await expectDrivenOnce(other, rollout);
    await pause(1000);
    expect(driver.server.alive()).toBe(true);
    await waitFor('the woken one to be ready', async () => (await replicas.ready(driver)).ok || undefined);
    expect((await driver.api.showRollout({ params: { rollout } })).state).toBe('completed');
    for (const robot of ducks) await expectRunning(robot, 'walking@3.0.0');
  });
});
