/** A second request to undo joins the one in progress, and no robot goes back to the release that is being undone. */
import type { RolloutId } from '@fairlead/shared/ids';
import { describe, expect, test } from 'vitest';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import type { FleetRobot } from '../testing/test-fleet.ts';

const AT_ONCE = { strategy: 'all-at-once' } as const;
const BLUE_GREEN = { strategy: 'blue-green' } as const;

async function start(
  fleet: RolloutFleet,
  shape: typeof AT_ONCE | typeof BLUE_GREEN,
  more: { readonly onFailure?: 'revert' } = {},
): Promise<{ readonly rollout: RolloutId }> {
  const body = {
    target: { all: true },
    component: fleet.component,
    version: fleet.v2.version,
    shape,
    ...more,
  } as const;
  const { rollout } = await fleet.operator.createRollout({ body });
  await fleet.drive();
  return { rollout };
}

/** A fleet on 1.0.0 of which every robot has switched to 2.0.0 together. */
async function switchedFleet(size: number) {
  const fleet = await rolloutFleet(size);
  await fleet.everybodyRuns(fleet.v1);
  const params = await start(fleet, BLUE_GREEN);
  await fleet.everybodyUpdates();
  await fleet.operator.switchRollout({ params, body: {} });
  await fleet.everybodyUpdates();
  return { fleet, params };
}

const orderOf = async (fleet: RolloutFleet, robot: FleetRobot) => {
  const { deployments } = await fleet.controlPlane.store.desired.of(robot.name);
  return deployments.map(({ version, state }) => `${version} ${state}`)[0];
};
const everyOrder = (fleet: RolloutFleet) => Promise.all(fleet.robots.map((robot) => orderOf(fleet, robot)));

/** The robots say that they have begun to switch to what they are ordered, and still that they run what they did. */
async function everybodyBeginsToSwitch(fleet: RolloutFleet) {
  for (const { robot, order } of await fleet.ordered()) {
    const { deployment, component } = order;
    await robot.tells({ event: 'update-state', deployment, component, state: 'switching' });
  }
}

const undoings = async (fleet: RolloutFleet) =>
  (await fleet.operator.listRollouts({ query: {} })).items.filter(({ spec }) => spec.kind === 'rollback');

describe('undoing twice is as good as undoing once', () => {
  test('two who switch back in one moment get the same undoing', async () => {
    const { fleet, params } = await switchedFleet(3);
    const both = await Promise.all([
      fleet.operator.switchBackRollout({ params, body: {} }),
      fleet.operator.switchBackRollout({ params, body: {} }),
    ]);
    expect(new Set(both.map(({ followedBy }) => followedBy)).size).toBe(1);
    expect(both.filter(({ joined }) => joined === true)).toHaveLength(1);
    await fleet.drive();
    expect(await undoings(fleet)).toHaveLength(1);
    await fleet.everybodyUpdates();
    expect(await everyOrder(fleet)).toEqual(['1.0.0 succeeded', '1.0.0 succeeded', '1.0.0 succeeded']);
  });

  test('a switch-back while robots are on their way back leaves none on the release that is undone', async () => {
    const { fleet, params } = await switchedFleet(3);
    const first = await fleet.operator.switchBackRollout({ params, body: {} });
    await fleet.drive();
    await everybodyBeginsToSwitch(fleet);
    const second = await fleet.operator.switchBackRollout({ params, body: {} });
    await fleet.drive();
    expect(second).toMatchObject({ followedBy: first.followedBy, joined: true });
    expect(await everyOrder(fleet)).toEqual(['1.0.0 switching', '1.0.0 switching', '1.0.0 switching']);
  });

  test('abort --revert joins the undoing that the failure policy has begun', async () => {
    const fleet = await rolloutFleet(3);
    await fleet.everybodyRuns(fleet.v1);
    const params = await start(fleet, AT_ONCE, { onFailure: 'revert' });
    const [first] = fleet.robots;
    const orders = await fleet.ordered();
    await everybodyBeginsToSwitch(fleet);
    for (const { robot, order } of orders) {
      const { deployment, component } = order;
      const outcome = robot === first ? 'failed' : 'succeeded';
      await robot.tells({ event: 'update-ended', deployment, component, outcome });
      if (robot !== first) await robot.runs(fleet.v2, fleet.v1);
    }
    await fleet.drive();
    const halted = await fleet.operator.showRollout({ params });
    expect(halted).toMatchObject({ state: 'halted' });
    await fleet.drive();
    const aborted = await fleet.operator.abortRollout({ params, body: { revert: true } });
    await fleet.drive();
    expect(aborted).toMatchObject({ state: 'aborted', followedBy: halted.followedBy, joined: true });
    expect(await undoings(fleet)).toHaveLength(1);
  });

  test('two who abort and revert in one moment get the same undoing', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.everybodyRuns(fleet.v1);
    const params = await start(fleet, AT_ONCE);
    const abort = () => fleet.operator.abortRollout({ params, body: { revert: true } });
    const both = await Promise.all([abort(), abort()]);
    expect(new Set(both.map(({ followedBy }) => followedBy)).size).toBe(1);
    expect(both.map(({ joined }) => joined).filter(Boolean)).toEqual([true]);
    await fleet.drive();
    expect(await undoings(fleet)).toHaveLength(1);
  });

  test('who aborts and reverts after another operator has aborted brings its robots back', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.everybodyRuns(fleet.v1);
    const params = await start(fleet, BLUE_GREEN);
    await fleet.everybodyUpdates();
    await fleet.operator.switchRollout({ params, body: {} });
    await fleet.drive();
    await everybodyBeginsToSwitch(fleet);
    await fleet.operator.abortRollout({ params, body: {} });
    const { state, followedBy } = await fleet.operator.abortRollout({ params, body: { revert: true } });
    expect({ state, followedBy }).toEqual({ state: 'aborted', followedBy: expect.any(String) });
    await fleet.drive();
    expect(await everyOrder(fleet)).toEqual(['1.0.0 pending', '1.0.0 pending']);
  });

  test('a rollback while all robots switch is accepted, though they still report the release that it goes back to', async () => {
    const fleet = await rolloutFleet(1);
    await fleet.everybodyRuns(fleet.v1);
    const params = await start(fleet, BLUE_GREEN);
    await fleet.everybodyUpdates();
    await fleet.operator.switchRollout({ params, body: {} });
    await fleet.drive();
    await everybodyBeginsToSwitch(fleet);
    fleet.clock.pass(1000);
    const { component, v1 } = fleet;
    const body = { target: { all: true }, component, toVersion: v1.version, shape: AT_ONCE } as const;
    await fleet.operator.createRollback({ body });
    await fleet.drive();
    expect(await everyOrder(fleet)).toEqual(['1.0.0 pending']);
  });

  test('a rollback of the same robots joins the one that runs', async () => {
    const { fleet } = await switchedFleet(2);
    const body = { target: { all: true }, component: fleet.component, shape: AT_ONCE } as const;
    const both = await Promise.all([
      fleet.operator.createRollback({ body }),
      fleet.operator.createRollback({ body: { ...body, reason: 'me too' } }),
    ]);
    expect(new Set(both.map(({ rollout }) => rollout)).size).toBe(1);
    await fleet.drive();
    await everybodyBeginsToSwitch(fleet);
    const third = await fleet.operator.createRollback({ body });
    await fleet.drive();
    expect(third).toMatchObject({ rollout: both[0]?.rollout, joined: true });
    expect(await everyOrder(fleet)).toEqual(['1.0.0 switching', '1.0.0 switching']);
  });

  test('a rollback of all at once does not wait for the one that goes in stages', async () => {
    const { fleet } = await switchedFleet(2);
    const body = { target: { all: true }, component: fleet.component } as const;
    const staged = await fleet.operator.createRollback({ body });
    await fleet.drive();
    await everybodyBeginsToSwitch(fleet);
    const atOnce = await fleet.operator.createRollback({ body: { ...body, shape: AT_ONCE } });
    await fleet.drive();
    expect(atOnce.rollout).not.toBe(staged.rollout);
    const orders = await everyOrder(fleet);
    expect(orders.map((order) => order?.split(' ')[0])).toEqual(['1.0.0', '1.0.0']);
  });

  test('rollback of a robot that is rolling back answers the same order', async () => {
    const { fleet } = await switchedFleet(1);
    const [robot] = fleet.robots;
    if (!robot) throw new Error('there is one robot');
    const body = { target: { robot: robot.name }, component: fleet.component } as const;
    const first = await fleet.operator.rollBack({ body });
    await everybodyBeginsToSwitch(fleet);
    const [second, third] = await Promise.all([fleet.operator.rollBack({ body }), fleet.operator.rollBack({ body })]);
    const ids = [first, second, third].map(({ deployments }) => deployments.map(({ deployment }) => deployment));
    expect(ids).toEqual([ids[0], ids[0], ids[0]]);
    expect(await orderOf(fleet, robot)).toBe('1.0.0 switching');
  });

  test('an undoing that was aborted is not joined: a new one is ordered', async () => {
    const { fleet, params } = await switchedFleet(2);
    const first = await fleet.operator.switchBackRollout({ params, body: {} });
    if (first.followedBy === undefined) throw new Error('it is undone');
    await fleet.operator.abortRollout({ params: { rollout: first.followedBy }, body: {} });
    const second = await fleet.operator.switchBackRollout({ params, body: {} });
    await fleet.drive();
    expect(second.followedBy).not.toBe(first.followedBy);
    expect(second.joined).toBeUndefined();
    expect((await everyOrder(fleet)).map((order) => order?.split(' ')[0])).toEqual(['1.0.0', '1.0.0']);
  });

  test('a robot in the middle of a switch is never skipped because of what it ran before the switch', async () => {
    const fleet = await rolloutFleet(1);
    await fleet.everybodyRuns(fleet.v1);
    const [robot] = fleet.robots;
    if (!robot) throw new Error('there is one robot');
    const target = { robot: robot.name };
    const deploy = (version: typeof fleet.v1.version) =>
      fleet.operator.deploy({ body: { target, component: fleet.component, version, allowDowngrade: true } });
    await deploy(fleet.v2.version);
    await everybodyBeginsToSwitch(fleet);
    // Two orders later it is still in the middle of the first one.
    await deploy(fleet.v1.version);
    const { v3 } = { v3: await fleet.publisher.publish({ version: '3.0.0' }) };
    await deploy(v3.manifest.version);
    const { deployments } = await deploy(fleet.v1.version);
    expect(deployments).toMatchObject([{ state: 'pending', version: '1.0.0' }]);
  });
});
