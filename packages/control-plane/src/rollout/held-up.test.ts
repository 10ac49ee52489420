/** No robot is forgotten, and none holds up the others: pre-empted, frozen, or kept by another order. */
import { MINUTE } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { type CreateBody, createAtOnce, showRollout } from '../testing/create-rollout.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import type { FleetRobot } from '../testing/test-fleet.ts';

const V3 = '3.0.0' as CreateBody['version'];
const orderOf = async (fleet: RolloutFleet, robot: FleetRobot) => {
  const { deployments } = await fleet.controlPlane.store.desired.of(robot.name);
  return deployments.map(({ version, state }) => `${version} ${state}`)[0];
};

async function fleetOf(size: number) {
  const fleet = await rolloutFleet(size);
  await fleet.publisher.publish({ version: '3.0.0' });
  await fleet.everybodyRuns(fleet.v1);
  const [first] = fleet.robots;
  if (!first) throw new Error('there is a robot');
  return { fleet, first };
}

describe('a pre-empted robot goes on when the other order has ended', () => {
  test('where the other order was cancelled', async () => {
    const { fleet, first } = await fleetOf(2);
    const rollout = await createAtOnce(fleet);
    const body = { target: { robot: first.name }, component: fleet.component, version: V3 };
    const { deployments } = await fleet.operator.deploy({ body });
    const deployment = deployments[0]?.deployment;
    if (deployment === undefined) throw new Error('it is ordered');
    await fleet.drive();
    expect(await orderOf(fleet, first)).toBe('3.0.0 pending');
    expect((await showRollout(fleet, rollout)).stages[0]?.counts).toMatchObject({
      states: { pending: 1 },
      unplaced: 1,
    });
    await fleet.operator.cancelDeployment({ params: { deployment } });
    fleet.clock.pass(6000);
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({ state: 'completed', members: 2 });
    expect(await orderOf(fleet, first)).toBe('2.0.0 succeeded');
  });

  test('and is left out with the reason where the other order has brought it elsewhere', async () => {
    const { fleet, first } = await fleetOf(2);
    const rollout = await createAtOnce(fleet);
    const body = { target: { robot: first.name }, component: fleet.component, version: V3 };
    const [made] = (await fleet.operator.deploy({ body })).deployments;
    if (!made) throw new Error('it is ordered');
    const { deployment, component } = made;
    await first.ask();
    await first.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded' });
    fleet.clock.pass(6000);
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({ state: 'completed', members: 1, excluded: 1 });
    expect(await orderOf(fleet, first)).toBe('3.0.0 succeeded');
  });
});

/** These robots carry out what they are ordered; the others do nothing. */
async function updateAll(fleet: RolloutFleet, robots: readonly FleetRobot[]) {
  for (const granted of [false, true]) {
    for (const { robot, order } of await fleet.ordered()) {
      if (!robots.includes(robot)) continue;
      const { deployment, component } = order;
      const activity = { state: 'waiting', deployment, component, ready: true } as const;
      if (!granted) await robot.ask({ understands: ['hold'], activity });
      else await robot.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded' });
    }
    await fleet.drive();
  }
}

describe('one robot holds up no other', () => {
  test('a robot that another order keeps is passed over after its time-out, and retry takes it in again', async () => {
    const { fleet, first } = await fleetOf(10);
    const body = { target: { robot: first.name }, component: fleet.component, version: V3 };
    const rollout = await createAtOnce(fleet);
    await fleet.operator.deploy({ body });
    const others = fleet.robots.filter((robot) => robot !== first);
    await updateAll(fleet, others);
    expect((await showRollout(fleet, rollout)).state).toBe('running');
    fleet.clock.pass(33 * MINUTE);
    await fleet.drive();
    const view = await showRollout(fleet, rollout);
    expect(view).toMatchObject({ state: 'completed', stages: [{ counts: { states: { 'timed-out': 1 } } }] });
    expect(view.stages[0]?.counts.states.succeeded).toBe(others.length);
    await fleet.operator.retryRollout({ params: { rollout }, body: {} });
    expect((await showRollout(fleet, rollout)).stages[0]?.counts).toMatchObject({ unplaced: 1 });
  });

  test('a robot that froze in its switch gives its place in the budget back, though its rollout was aborted', async () => {
    const { fleet, first } = await fleetOf(2);
    const older = await createAtOnce(fleet, { target: { robot: first.name } });
    const [order] = await fleet.ordered();
    if (!order) throw new Error('it has its order');
    const { deployment, component } = order.order;
    const activity = { state: 'waiting', deployment, component, ready: true } as const;
    await first.ask({ understands: ['hold'], activity });
    await fleet.drive();
    await first.tells({ event: 'update-state', deployment, component, state: 'switching' });
    await fleet.operator.abortRollout({ params: { rollout: older }, body: {} });
    expect(await fleet.controlPlane.store.rollouts.inBudget()).toEqual([first.name]);
    fleet.clock.pass(33 * MINUTE);
    await fleet.drive();
    expect(await fleet.controlPlane.store.rollouts.inBudget()).toEqual([]);
    expect(await orderOf(fleet, first)).toBe('2.0.0 timed-out');
  });
});

test('retry takes robots whose order was cancelled or timed out', async () => {
  const { fleet, first } = await fleetOf(2);
  const gate = { minSuccesses: 0, maxFailures: '100%' } as const;
  const stages = [{ upTo: { percent: 100 }, gate }];
  const rollout = await createAtOnce(fleet, { shape: { strategy: 'custom', stages } });
  const { deployments } = await fleet.controlPlane.store.desired.of(first.name);
  const deployment = deployments[0]?.deployment;
  if (deployment === undefined) throw new Error('it is ordered');
  await fleet.operator.cancelDeployment({ params: { deployment } });
  fleet.clock.pass(33 * MINUTE);
  await fleet.drive();
  expect((await showRollout(fleet, rollout)).stages[0]?.counts.states).toEqual({ cancelled: 1, 'timed-out': 1 });
  await fleet.operator.retryRollout({ params: { rollout }, body: {} });
  await fleet.drive();
  expect((await showRollout(fleet, rollout)).stages[0]?.counts.states).toEqual({ pending: 2 });
});

test('after an undoing every command that a rollout names works', async () => {
  const { fleet } = await fleetOf(3);
  const stages = [{ upTo: { count: 1 }, gate: { maxFailures: 0 } }, { upTo: { percent: 100 } }];
  const rollout = await createAtOnce(fleet, { shape: { strategy: 'custom', stages }, onFailure: 'revert' });
  await fleet.everybodyUpdates('rolled-back');
  const { stopped, blocked, followedBy } = await showRollout(fleet, rollout);
  const advice = `${followedBy} undoes it (fairlead rollout watch ${followedBy}); end this one: fairlead rollout abort ${rollout}`;
  expect(stopped?.why.hint).toBe(advice);
  // What is judged again with the counts of now gives the same advice, also to a robot that has not begun.
  expect(blocked?.why.hint).toBe(advice);
  const { items } = await fleet.operator.listRolloutRobots({ params: { rollout }, query: {} });
  const waiting = items.find(({ deployment }) => deployment === undefined);
  if (!waiting) throw new Error('two robots have not begun');
  expect((await fleet.operator.explainRobot({ params: { robot: waiting.robot } })).unblock).toBe(advice);
  expect(await fleet.operator.abortRollout({ params: { rollout }, body: {} })).toMatchObject({ state: 'aborted' });
});

test('explain never advises to retry a rollout that can not be retried any more', async () => {
  const { fleet, first } = await fleetOf(1);
  const rollout = await createAtOnce(fleet);
  fleet.clock.pass(33 * MINUTE);
  await fleet.drive();
  await first.ask();
  const hint = async () => (await fleet.operator.explainRobot({ params: { robot: first.name } })).unblock;
  expect(await hint()).toContain(`fairlead rollout retry ${rollout}`);
  await fleet.operator.abortRollout({ params: { rollout }, body: {} });
  expect(await hint()).toBe(
    `Order it again if it is wanted: fairlead deploy --robot ${first.name} --release ${fleet.component}@2.0.0`,
  );
});
