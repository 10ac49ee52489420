/** A rollback whose robot did not answer in time keeps the robot ordered back, unless people want something else since. */
import { MINUTE } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import type { FleetRobot } from '../testing/test-fleet.ts';

const orderOf = async (fleet: RolloutFleet, robot: FleetRobot) => {
  const { deployments } = await fleet.controlPlane.store.desired.of(robot.name);
  return deployments.map(({ version, state }) => `${version} ${state}`)[0];
};

/** A robot on 2.0.0 that froze in its switch back to 1.0.0. */
async function frozenOnItsWayBack() {
  const fleet = await rolloutFleet(1);
  const [robot] = fleet.robots;
  if (!robot) throw new Error('there is a robot');
  await robot.runs(fleet.v2, fleet.v1);
  const { component } = fleet;
  const body = { target: { all: true }, component, shape: { strategy: 'all-at-once' } } as const;
  const { rollout } = await fleet.operator.createRollback({ body });
  await fleet.drive();
  const { assignment } = await robot.ask({ understands: ['hold'] });
  const deployment = assignment?.components[0]?.deployment;
  if (!deployment) throw new Error('it is ordered back');
  const activity = { state: 'waiting', deployment, component, ready: true } as const;
  await robot.ask({ understands: ['hold'], activity });
  await fleet.drive();
  await robot.tells({ event: 'update-state', deployment, component, state: 'switching' });
  expect(await orderOf(fleet, robot)).toBe('1.0.0 switching');
  const passTimeOut = async () => {
    fleet.clock.pass(40 * MINUTE);
    await fleet.drive();
  };
  return { fleet, robot, rollout, passTimeOut };
}

describe('a rollback that timed out', () => {
  test('keeps the robot ordered back', async () => {
    const { fleet, robot, passTimeOut } = await frozenOnItsWayBack();
    await passTimeOut();
    expect(await orderOf(fleet, robot)).toBe('1.0.0 pending');
  });

  test('leaves the newer order of a person in place', async () => {
    const { fleet, robot, passTimeOut } = await frozenOnItsWayBack();
    const { manifest } = await fleet.publisher.publish({ version: '3.0.0' });
    const { component, version } = manifest;
    await fleet.operator.deploy({ body: { target: { robot: robot.name }, component, version } });
    await passTimeOut();
    expect(await orderOf(fleet, robot)).toBe('3.0.0 pending');
  });

  test('orders nothing again where its rollout was aborted', async () => {
    const { fleet, robot, rollout, passTimeOut } = await frozenOnItsWayBack();
    await fleet.operator.abortRollout({ params: { rollout }, body: {} });
    await passTimeOut();
    expect(await orderOf(fleet, robot)).toBe('1.0.0 timed-out');
  });

  test('orders nothing of a robot that has left the fleet', async () => {
    const { fleet, robot, passTimeOut } = await frozenOnItsWayBack();
    await fleet.operator.decommissionRobot({ params: { robot: robot.name } });
    await passTimeOut();
    expect(await orderOf(fleet, robot)).toBeUndefined();
  });
});
