import { expect } from 'vitest';
import { order, untilEnded } from '../../scripts/local-fleet/deploy.ts';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { test } from './harness/fleet.ts';
import { deploy, expectRunning, historyOf } from './harness/orders.ts';

let duck: LivingRobot;

test('a robot goes from nothing to v1 to v2', async ({ fleet }) => {
  duck = await fleet.join({ name: 'duck-1' });
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
  await publishRelease(fleet, { version: '2.0.0', policy: { seed: 2 }, probationSec: 1 });
  expect((await deploy(fleet, duck, 'walking@1.0.0')).view.state).toBe('succeeded');
  await expectRunning(duck, 'walking@1.0.0');
  expect((await deploy(fleet, duck, 'walking@2.0.0')).view.state).toBe('succeeded');
  await expectRunning(duck, 'walking@2.0.0');
});

test('rollback sends it to its previous release, and deploy forward again', async ({ fleet }) => {
  const [back] = await untilEnded(fleet, await order(fleet, 'rollback', '--robot', 'duck-1'));
  expect(back?.view).toMatchObject({ state: 'succeeded', kind: 'rollback', version: '1.0.0' });
  await expectRunning(duck, 'walking@1.0.0');
  expect((await deploy(fleet, duck, 'walking@2.0.0')).view.state).toBe('succeeded');
  await expectRunning(duck, 'walking@2.0.0');
});

test('a release that already runs is not installed again', async ({ fleet }) => {
  const before = await duck.health();
  expect((await deploy(fleet, duck, 'walking@2.0.0')).view.state).toMatch(/^(succeeded|skipped)$/);
  expect(await duck.health()).toEqual(before);
});

test('the history tells all of it, newest first', async ({ fleet }) => {
  const items = await historyOf(fleet, duck);
  const orders = items.map(({ deployment }) => `${deployment.kind} ${deployment.version}`);
  expect(orders.slice(-4)).toEqual(['deploy 2.0.0', 'rollback 1.0.0', 'deploy 2.0.0', 'deploy 1.0.0']);
  const states = items.at(-1)?.events.map(({ state }) => state);
  expect(states?.[0]).toBe('pending');
  expect(states?.at(-1)).toBe('succeeded');
});
