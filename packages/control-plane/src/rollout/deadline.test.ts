import type { RolloutId } from '@fairlead/shared/ids';
import { DAY, MINUTE } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { inProcessSignals } from '../signals/signals.ts';
import { createRollout } from '../testing/create-rollout.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';

/** What a robot has where its stage names no time: the test release has no probation. */
const TIME = 30 * MINUTE;

/** Days pass in these stories, and sessions end after hours. */
const person = async ({ controlPlane }: RolloutFleet) => (await controlPlane.as('admin')).operator;
const show = async (fleet: RolloutFleet, rollout: RolloutId) =>
  (await person(fleet)).showRollout({ params: { rollout } });

async function passes(fleet: RolloutFleet, time: number): Promise<void> {
  fleet.clock.pass(time);
  await fleet.drive();
}

/** All of them say that only the grant is missing. */
async function readyOnes(fleet: RolloutFleet) {
  const ordered = await fleet.ordered();
  const asking = ordered.map(({ robot, order: { deployment, component } }) => () => {
    const activity = { state: 'waiting' as const, deployment, component, ready: true };
    return robot.ask({ understands: ['hold'], activity });
  });
  for (const ask of asking) await ask();
  await fleet.drive();
  return asking;
}

test('robots that wait for the common switch do not run out of time, however long nobody gives the word', async () => {
  const fleet = await rolloutFleet(2);
  const rollout = await createRollout(fleet, { shape: { strategy: 'blue-green' } });
  await readyOnes(fleet);
  await passes(fleet, 5 * DAY);
  expect(await show(fleet, rollout)).toMatchObject({
    state: 'running',
    stages: [{ counts: { ready: 2 } }],
    blocked: { why: { category: 'awaits_switch' } },
  });
  await (await person(fleet)).switchRollout({ params: { rollout }, body: {} });
  await fleet.everybodyUpdates();
  expect((await show(fleet, rollout)).state).toBe('completed');
});

test('a robot that was let switch and is not heard of any more has what was left of its time, and then times out', async () => {
  const fleet = await rolloutFleet(1);
  const rollout = await createRollout(fleet, { shape: { strategy: 'blue-green' } });
  await passes(fleet, 0.75 * TIME);
  await readyOnes(fleet);
  await passes(fleet, 5 * DAY);
  await (await person(fleet)).switchRollout({ params: { rollout }, body: {} });
  await fleet.drive();
  await passes(fleet, 0.2 * TIME);
  expect(await show(fleet, rollout)).toMatchObject({ state: 'running', stages: [{ counts: { granted: 1 } }] });
  await passes(fleet, 0.1 * TIME);
  expect(await show(fleet, rollout)).toMatchObject({
    state: 'paused',
    stages: [{ counts: { states: { 'timed-out': 1 } } }],
  });
});

test('the time of robots at work stands still while their rollout is paused', async () => {
  const fleet = await rolloutFleet(2);
  const rollout = await createRollout(fleet, { shape: { strategy: 'all-at-once' } });
  const params = { rollout };
  await fleet.operator.pauseRollout({ params, body: { reason: 'the long weekend' } });
  await passes(fleet, 4 * DAY);
  await (await person(fleet)).resumeRollout({ params, body: {} });
  await fleet.drive();
  expect(await show(fleet, rollout)).toMatchObject({ state: 'running' });
  await fleet.everybodyUpdates();
  expect((await show(fleet, rollout)).state).toBe('completed');
});

test('a robot whose time ran out while the control plane was away has as long to be back as it may pause in between', async () => {
  const fleet = await rolloutFleet(1);
  const rollout = await createRollout(fleet, { shape: { strategy: 'all-at-once' } });
  await readyOnes(fleet);
  fleet.clock.pass(2 * TIME);
  const { store, onlineKeys } = fleet.controlPlane;
  const replica = { store, onlineKeys, signals: inProcessSignals() };
  const { drive } = await testControlPlane({ clock: fleet.clock, replica });
  await drive();
  fleet.clock.pass(5 * MINUTE);
  await drive();
  expect(await show(fleet, rollout)).toMatchObject({ state: 'running', stages: [{ counts: { granted: 1 } }] });
  fleet.clock.pass(1 * MINUTE);
  await drive();
  expect(await show(fleet, rollout)).toMatchObject({
    state: 'paused',
    stages: [{ counts: { states: { 'timed-out': 1 } } }],
  });
});
