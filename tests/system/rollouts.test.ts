/** Rollouts with real processes: a control plane that drives itself, and robots that stage, ask, switch and roll back. */
import type { InputOf } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { RolloutId } from '@fairlead/shared/ids';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { GiveUp, waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { type TestFleet, test } from './harness/fleet.ts';
import { expectRunning } from './harness/orders.ts';

type Create = InputOf<(typeof operatorApi)['createRollout']>['body'];
const CANARY: NonNullable<Create['shape']> = {
  strategy: 'canary',
  stages: [
    { name: 'canary', upTo: { count: 1 }, soakSec: 1 },
    { name: 'rest', upTo: { percent: 100 } },
  ],
};
const NAMES = ['duck-1', 'duck-2', 'duck-3'] as const;
const robots: LivingRobot[] = [];

async function rollOut(fleet: TestFleet, version: string, shape: NonNullable<Create['shape']>): Promise<RolloutId> {
  const body = { target: { all: true }, component: 'walking', version, shape } as Create;
  return (await fleet.api.createRollout({ body })).rollout;
}
const show = (fleet: TestFleet, rollout: RolloutId) => fleet.api.showRollout({ params: { rollout } });

type View = Awaited<ReturnType<typeof show>>;

/** Resolves with the rollout once it is so; gives up where it stands still otherwise. */
const until = (fleet: TestFleet, rollout: RolloutId, isSo: (view: View) => boolean) =>
  waitFor(
    `what becomes of ${rollout}`,
    async () => {
      const view = await show(fleet, rollout);
      if (isSo(view)) return view;
      if (view.state === 'running' || view.state === 'scheduled') return undefined;
      throw new GiveUp(`it is ${view.state}: ${view.blocked?.why.detail}`);
    },
    { timeoutMs: 120_000 },
  );
const untilBlocked = (fleet: TestFleet, rollout: RolloutId, category: string) =>
  until(fleet, rollout, ({ blocked }) => blocked?.why.category === category);
const untilCompleted = (fleet: TestFleet, rollout: RolloutId) =>
  until(fleet, rollout, ({ state }) => state === 'completed');
const publish = (fleet: TestFleet, version: string, more: object = {}) =>
  publishRelease(fleet, { version, policy: { seed: Number.parseInt(version, 10) }, probationSec: 1, ...more });

test('three robots take a release in stages, the canary first', async ({ fleet }) => {
  for (const name of NAMES) robots.push(await fleet.join({ name }));
  await publish(fleet, '1.0.0');
  const rollout = await rollOut(fleet, '1.0.0', CANARY);
  const done = await untilCompleted(fleet, rollout);
  expect(done.stages).toMatchObject([
    { size: 1, state: 'passed' },
    { size: 2, state: 'passed' },
  ]);
  for (const robot of robots) await expectRunning(robot, 'walking@1.0.0');
  const { items } = await fleet.api.rolloutHistory({ params: { rollout } });
  expect(items.map(({ what }) => what)).toEqual([
    'created',
    'started',
    'stage-begun',
    'stage-passed',
    'stage-begun',
    'stage-passed',
    'completed',
  ]);
});

test('a bad canary rolls itself back, stops the rollout, and nobody else is touched', async ({ fleet }) => {
  await publish(fleet, '2.0.0', { needs: 'a second camera' });
  const rollout = await rollOut(fleet, '2.0.0', CANARY);
  const stopped = await until(fleet, rollout, ({ state }) => state === 'paused');
  expect(stopped).toMatchObject({
    stages: [
      { state: 'failed', counts: { states: { 'rolled-back': 1 } } },
      { state: 'pending', size: 0 },
    ],
    blocked: { why: { category: 'too_many_failures' } },
  });
  for (const robot of robots) await expectRunning(robot, 'walking@1.0.0');
  await fleet.api.abortRollout({ params: { rollout }, body: { reason: 'a bad release' } });
});

test('blue-green: all stage and test, none switches before the word, all go back at once', async ({ fleet }) => {
  await publish(fleet, '3.0.0');
  const rollout = await rollOut(fleet, '3.0.0', { strategy: 'blue-green' });
  const params = { rollout };
  expect((await untilBlocked(fleet, rollout, 'awaits_switch')).stages[0]?.counts).toMatchObject({
    ready: 3,
    granted: 0,
  });
  for (const robot of robots) await expectRunning(robot, 'walking@1.0.0');
  const told = await fleet.api.explainRobot({ params: { robot: NAMES[0] as never } });
  expect(told).toMatchObject({ blocked: true, unblock: `Switch them: fairlead rollout switch ${rollout}` });
  await fleet.api.switchRollout({ params, body: {} });
  await untilCompleted(fleet, rollout);
  for (const robot of robots) await expectRunning(robot, 'walking@3.0.0');
  const { followedBy } = await fleet.api.switchBackRollout({ params, body: { reason: 'it limps' } });
  if (followedBy === undefined) throw new Error('a rollback follows');
  await untilCompleted(fleet, followedBy);
  for (const robot of robots) await expectRunning(robot, 'walking@1.0.0');
});

test('a server that is killed in the middle goes on where it was', async ({ fleet }) => {
  await publish(fleet, '4.0.0');
  const rollout = await rollOut(fleet, '4.0.0', { strategy: 'rolling', size: 1 });
  await waitFor('the first robot to have it', async () => {
    const { counts } = (await show(fleet, rollout)).stages[0] ?? {};
    return (counts?.states.succeeded ?? 0) >= 1 || undefined;
  });
  await fleet.server.kill();
  fleet.server = await fleet.controlPlane.start();
  await untilCompleted(fleet, rollout);
  for (const robot of robots) await expectRunning(robot, 'walking@4.0.0');
});
