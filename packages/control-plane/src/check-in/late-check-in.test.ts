/** Old observations do not overwrite newer ones: a check-in counts from when it was signed, not from when it arrived. */
import type { ComponentName, RobotId } from '@fairlead/shared/ids';
import { HOUR, MINUTE, SECOND, toTimestamp } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { inProcessSignals } from '../signals/signals.ts';
import { delayedCheckIn } from '../testing/delayed-check-in.ts';
import { rolloutFleet } from '../testing/rollout-fleet.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { installed, running, testFleet } from '../testing/test-fleet.ts';
import { INVENTORY } from '../testing/test-robot.ts';

const duck = 'duck-policy' as ComponentName;
const target = { robot: 'duck-1' as RobotId };
const LATE = { status: 401, code: 'clock_skew' };

/** A robot that signed a check-in, then updated and reported its success; the check-in is still under way. */
async function robotThatUpdated() {
  const fleet = await testFleet();
  const { controlPlane, operator } = fleet;
  const v1 = await fleet.publisher.publish({ version: '1.0.0' });
  const v2 = await fleet.publisher.publish({ version: '2.0.0' });
  const robot = await fleet.robot('duck-1');
  await robot.runs(v1);
  await operator.deploy({ body: { target, component: duck, version: v2.manifest.version } });
  const { assignment } = await robot.runs(v1);
  const deployment = assignment?.components[0]?.deployment;
  if (!deployment) throw new Error('the update is ordered');
  const arrives = delayedCheckIn(controlPlane, robot, { components: [installed(v1)] });
  controlPlane.clock.pass(20 * SECOND);
  const ended = { event: 'update-ended', deployment, component: duck, outcome: 'succeeded' } as const;
  await robot.tells({ ...ended, active: running(v2), previous: running(v1) });
  return { ...fleet, robot, v1, v2, deployment, arrives };
}

describe('a check-in that arrives late', () => {
  test('after the success report neither degrades the robot nor orders a repair', async () => {
    const { arrives, operator, robot, v2 } = await robotThatUpdated();
    expect(await arrives()).toMatchObject(LATE);
    const { items } = await operator.listDeployments({ query: { robot: robot.name } });
    expect(items).toMatchObject([{ state: 'succeeded' }]);
    const view = await operator.showRobot({ params: { robot: robot.name } });
    expect(view.components).toMatchObject([{ active: { version: v2.manifest.version } }]);
  });

  test('at a replica that has not heard of the newer ones yet neither degrades the robot nor orders a repair', async () => {
    const { controlPlane, operator, robot, v1, v2 } = await robotThatUpdated();
    const { clock, store, onlineKeys } = controlPlane;
    await robot.runs(v2, v1);
    const signals = inProcessSignals();
    // Opened while its presence is as it was before the update: nothing of that has been written yet.
    const other = await testControlPlane({ clock, replica: { store, signals, onlineKeys } });
    clock.pass(-20 * SECOND);
    const degraded = { state: 'degraded', since: toTimestamp(clock.now()) } as const;
    const repaired = delayedCheckIn(other, robot, { components: [installed(v1)] });
    const sick = delayedCheckIn(other, robot, { components: [{ ...installed(v2), health: degraded }] });
    clock.pass(25 * SECOND);
    expect(await repaired()).toEqual({ status: 200 });
    expect(await sick()).toEqual({ status: 200 });
    const { items } = await operator.listDeployments({ query: { robot: robot.name } });
    expect(items).toMatchObject([{ state: 'succeeded' }]);
  });

  test('does not fail the canary of a rollout', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.everybodyRuns(fleet.v1);
    const stages = [{ upTo: { count: 1 }, soakSec: 600 }, { upTo: { percent: 100 } }];
    const shape = { strategy: 'custom', stages } as const;
    const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version, shape } as const;
    const { rollout } = await fleet.operator.createRollout({ body });
    await fleet.drive();
    const [canary] = (await fleet.ordered()).map(({ robot }) => robot);
    if (!canary) throw new Error('there is a canary');
    const arrives = delayedCheckIn(fleet.controlPlane, canary, { components: [installed(fleet.v1)] });
    fleet.clock.pass(30 * SECOND);
    await fleet.everybodyUpdates();
    await arrives();
    await fleet.drive();
    const view = await fleet.operator.showRollout({ params: { rollout } });
    expect(view).toMatchObject({ state: 'running', stages: [{ counts: { states: { succeeded: 1 } } }, {}] });
  });

  test('after a newer one changes neither its presence nor its activity, health and readiness', async () => {
    const { controlPlane, operator, robot, v1, v2 } = await robotThatUpdated();
    const degraded = { state: 'degraded', since: toTimestamp(controlPlane.clock.now()) } as const;
    const activity = { state: 'downloading' } as const;
    const sick = [{ ...installed(v2, v1), health: degraded }];
    const arrives = delayedCheckIn(controlPlane, robot, { components: sick, activity });
    controlPlane.clock.pass(20 * SECOND);
    await robot.runs(v2, v1);
    const before = await operator.showRobot({ params: { robot: robot.name } });
    controlPlane.clock.pass(20 * SECOND);
    expect(await arrives()).toMatchObject(LATE);
    expect(await operator.showRobot({ params: { robot: robot.name } })).toEqual(before);
  });

  test('is not taken for what the robot runs when the next order is placed', async () => {
    const { arrives, robot, operator, v1, v2, controlPlane } = await robotThatUpdated();
    await arrives();
    const version = v1.manifest.version;
    const body = { target, component: duck, version, allowDowngrade: true };
    // By the late check-in it runs that already.
    expect((await operator.deploy({ body })).deployments).toMatchObject([{ state: 'pending' }]);
    controlPlane.clock.pass(SECOND);
    expect((await robot.runs(v2, v1)).assignment?.components).toMatchObject([{ target: { version } }]);
  });
});

test('a check-in that waited for news does not take back the readiness that the robot reported meanwhile', async () => {
  const fleet = await rolloutFleet(1);
  const [robot] = fleet.robots;
  if (!robot) throw new Error('there is a robot');
  await fleet.everybodyRuns(fleet.v1);
  const settings = await fleet.operator.showSettings();
  await fleet.operator.changeSettings({ body: { ...settings, longPollSec: 120, lateAfterSec: 180 } });
  const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version } as const;
  await fleet.operator.createRollout({ body });
  await fleet.drive();
  const [order] = (await fleet.ordered()).map((each) => each.order);
  if (!order) throw new Error('it is ordered');
  const { deployment, component } = order;
  const knownSeq = (await robot.ask({ understands: ['hold'] })).assignment?.seq ?? 0;
  const activity = { state: 'waiting', deployment, component } as const;
  const waits = robot.ask({ understands: ['hold'], waitSec: 120, knownSeq, activity });
  await new Promise((done) => setTimeout(done, 100));
  await robot.ask({ understands: ['hold'], activity: { ...activity, ready: true } });
  const readyAt = async () => (await fleet.controlPlane.store.deployments.find(deployment))?.part?.readyAt;
  expect(await readyAt()).toBeDefined();
  // Its answer differs from now on, so that the wait ends.
  await fleet.operator.changeRobot({ params: { robot: robot.name }, body: { labels: { floor: '1' } } });
  await waits;
  expect(await readyAt()).toBeDefined();
});

describe('a robot whose clock was set back is not ignored', () => {
  test('its check-in is answered with the time of the server, and counts when it is signed anew', async () => {
    const { controlPlane, operator, robot, v1, v2 } = await robotThatUpdated();
    await robot.runs(v2, v1);
    controlPlane.clock.pass(-2 * MINUTE);
    const setBack = delayedCheckIn(controlPlane, robot, { components: [installed(v2, v1)] });
    controlPlane.clock.pass(2 * MINUTE + 10 * SECOND);
    expect(await setBack()).toEqual({ ...LATE, serverTime: toTimestamp(controlPlane.clock.now()) });
    const again = delayedCheckIn(controlPlane, robot, { components: [installed(v2, v1)] });
    expect(await again()).toEqual({ status: 200 });
    const { lastSeen } = await operator.showRobot({ params: { robot: robot.name } });
    expect(lastSeen).toBe(toTimestamp(controlPlane.clock.now()));
  });

  test('nor is one whose clock was ahead of the server and is right now', async () => {
    const { controlPlane, robot, v1, v2 } = await robotThatUpdated();
    controlPlane.clock.pass(4 * MINUTE);
    const ahead = delayedCheckIn(controlPlane, robot, { components: [installed(v2, v1)] });
    controlPlane.clock.pass(-4 * MINUTE);
    expect(await ahead()).toEqual({ status: 200 });
    controlPlane.clock.pass(SECOND);
    expect(await delayedCheckIn(controlPlane, robot)()).toEqual({ status: 200 });
  });

  test('nor is the fleet where the clock of the server itself is set back', async () => {
    const { controlPlane, robot, v1, v2 } = await robotThatUpdated();
    await robot.runs(v2, v1);
    controlPlane.clock.pass(-3 * MINUTE);
    expect(await delayedCheckIn(controlPlane, robot, { components: [installed(v2, v1)] })()).toEqual({ status: 200 });
  });

  test('and its inventory is not lost with the check-in that came too early', async () => {
    const { controlPlane, operator, robot } = await robotThatUpdated();
    const inventory = { ...INVENTORY, memoryMb: 16_000 };
    controlPlane.clock.pass(-2 * MINUTE);
    const setBack = delayedCheckIn(controlPlane, robot, { inventory });
    controlPlane.clock.pass(2 * MINUTE);
    await setBack();
    await delayedCheckIn(controlPlane, robot, { inventory })();
    expect((await operator.showRobot({ params: { robot: robot.name } })).inventory).toEqual(inventory);
  });
});

test('a check-in counts also while the clock shows a time before the last event of the order', async () => {
  const { controlPlane, operator, ...fleet } = await testFleet();
  const v1 = await fleet.publisher.publish({ version: '1.0.0' });
  const robot = await fleet.robot('duck-1');
  await operator.deploy({ body: { target, component: duck, version: v1.manifest.version } });
  const { assignment } = await robot.ask();
  const deployment = assignment?.components[0]?.deployment;
  if (!deployment) throw new Error('it is ordered');
  await robot.tells({ event: 'update-ended', deployment, component: duck, outcome: 'succeeded', active: running(v1) });
  controlPlane.clock.pass(-HOUR);
  const degraded = { state: 'degraded', since: toTimestamp(controlPlane.clock.now()) } as const;
  await robot.ask({ components: [{ ...installed(v1), health: degraded }] });
  const { items } = await operator.listDeployments({ query: { robot: robot.name } });
  expect(items).toMatchObject([{ state: 'degraded' }]);
});
