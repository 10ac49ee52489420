/** A robot is offline while what it runs is undone, and while a later rollout takes its order to go back and ends. */
import type { Version } from '@fairlead/shared/ids';
import { SECOND } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import { type FleetRobot, installed } from '../testing/test-fleet.ts';

const AT_ONCE = {
  strategy: 'custom',
  stages: [{ upTo: { percent: 100 as const }, timeoutSec: 600, gate: { maxFailures: '100%', minSuccesses: 0 } }],
} as const;

async function rollOut(fleet: RolloutFleet, version: Version) {
  const shape = { ...AT_ONCE, stages: [...AT_ONCE.stages] };
  const body = { target: { all: true }, component: fleet.component, version, shape } as const;
  const { rollout } = await fleet.operator.createRollout({ body });
  await fleet.drive();
  return rollout;
}
const orderOf = async (fleet: RolloutFleet, robot: FleetRobot) => {
  const { deployments } = await fleet.controlPlane.store.desired.of(robot.name);
  return deployments.map(({ version, state, kind }) => `${kind} ${version} ${state}`)[0];
};

/** The only robot runs 2.0.0, which is undone while it is offline; then 3.0.0 is rolled out to it, too. */
async function overtakenWayBack() {
  const fleet = await rolloutFleet(1);
  const [robot] = fleet.robots;
  if (!robot) throw new Error('there is a robot');
  const { manifest } = await fleet.publisher.publish({ version: '3.0.0' });
  await fleet.everybodyRuns(fleet.v1);
  const undone = await rollOut(fleet, fleet.v2.version);
  await fleet.everybodyUpdates();
  await robot.runs(fleet.v2, fleet.v1);
  const target = { updatedBy: undone };
  const shape = { strategy: 'all-at-once' } as const;
  await fleet.operator.createRollback({ body: { target, component: fleet.component, shape } });
  await fleet.drive();
  expect(await orderOf(fleet, robot)).toBe('rollback 1.0.0 pending');
  fleet.clock.pass(3_000 * SECOND);
  await fleet.drive();
  fleet.clock.pass(SECOND);
  const later = await rollOut(fleet, manifest.version);
  expect(await orderOf(fleet, robot)).toBe('deploy 3.0.0 pending');
  const returns = () => robot.ask({ understands: ['hold'], components: [installed(fleet.v2, fleet.v1)] });
  return { fleet, robot, later, returns };
}

describe('a robot that returns on the release that was undone is ordered back', () => {
  test('where the later rollout was aborted', async () => {
    const { fleet, robot, later, returns } = await overtakenWayBack();
    await fleet.operator.abortRollout({ params: { rollout: later }, body: {} });
    await fleet.drive();
    expect(await orderOf(fleet, robot)).toBe('deploy 3.0.0 cancelled');
    await returns();
    expect(await orderOf(fleet, robot)).toMatch(/^rollback 1\.0\.0 (pending|offered)$/);
  });

  test('where it timed out in the later rollout', async () => {
    const { fleet, robot, returns } = await overtakenWayBack();
    fleet.clock.pass(601 * SECOND);
    await fleet.drive();
    expect(await orderOf(fleet, robot)).toBe('deploy 3.0.0 timed-out');
    await returns();
    expect(await orderOf(fleet, robot)).toMatch(/^rollback 1\.0\.0 (pending|offered)$/);
  });

  test('where it tried the later release and fell back to the undone one, but never a second time', async () => {
    const { robot, fleet, returns } = await overtakenWayBack();
    const endsBadly = async () => {
      const { assignment } = await robot.ask({ understands: ['hold'] });
      const order = assignment?.components[0];
      if (!order) throw new Error('it was ordered');
      const { deployment, component } = order;
      await robot.tells({ event: 'update-ended', deployment, component, outcome: 'rolled-back' });
    };
    await endsBadly();
    expect(await orderOf(fleet, robot)).toBe('deploy 3.0.0 rolled-back');
    await returns();
    expect(await orderOf(fleet, robot)).toMatch(/^rollback 1\.0\.0 (pending|offered)$/);
    await endsBadly();
    await returns();
    expect(await orderOf(fleet, robot)).toBe('rollback 1.0.0 rolled-back');
  });

  test('and not where a person has ordered that release again since', async () => {
    const { fleet, robot, later, returns } = await overtakenWayBack();
    await fleet.operator.abortRollout({ params: { rollout: later }, body: {} });
    const { component, v2, v1 } = fleet;
    await robot.ask({ components: [installed(v1)] });
    const body = { target: { robot: robot.name }, component, version: v2.version };
    const [again] = (await fleet.operator.deploy({ body })).deployments;
    expect(again).toMatchObject({ version: '2.0.0' });
    await fleet.operator.deploy({ body: { ...body, version: '3.0.0' as Version } });
    const [third] = (await fleet.controlPlane.store.desired.of(robot.name)).deployments;
    if (!third) throw new Error('it was ordered');
    await fleet.operator.cancelDeployment({ params: { deployment: third.deployment } });
    await returns();
    expect(await orderOf(fleet, robot)).toBe('deploy 3.0.0 cancelled');
  });
});
