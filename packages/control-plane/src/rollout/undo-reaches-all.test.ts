/** Undoing takes every robot that was allowed to switch, also those that did not answer, and does not forget them. */
import type { RolloutId } from '@fairlead/shared/ids';
import { MINUTE, SECOND } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import { type FleetRobot, installed, running } from '../testing/test-fleet.ts';
import type { CheckInBody } from '../testing/test-robot.ts';

const DEADLINE_SEC = 600;
const AT_ONCE = {
  strategy: 'custom',
  stages: [{ upTo: { percent: 100 }, timeoutSec: DEADLINE_SEC, gate: { maxFailures: '100%', minSuccesses: 0 } }],
} as const;

async function deployToAll(fleet: RolloutFleet): Promise<RolloutId> {
  const shape = { ...AT_ONCE, stages: [...AT_ONCE.stages] };
  const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version, shape } as const;
  const { rollout } = await fleet.operator.createRollout({ body });
  await fleet.drive();
  return rollout;
}

const orderOf = async (fleet: RolloutFleet, robot: FleetRobot) => {
  const { deployments } = await fleet.controlPlane.store.desired.of(robot.name);
  return deployments.map(({ version, state }) => `${version} ${state}`)[0];
};
/** Its first order; says nothing new of what it runs. */
const offeredTo = async (robot: FleetRobot, fleet: RolloutFleet) => {
  const { components } = await fleet.operator.showRobot({ params: { robot: robot.name } });
  return (await robot.ask({ understands: ['hold'], components })).assignment?.components[0];
};
const says = async (fleet: RolloutFleet, robot: FleetRobot, activity: CheckInBody['activity']) => {
  const { components } = await fleet.operator.showRobot({ params: { robot: robot.name } });
  await robot.ask({ understands: ['hold'], activity, components });
};

/** Robots stage, are ready, and are allowed to switch. */
async function everybodyIsGranted(fleet: RolloutFleet) {
  const orders = await fleet.ordered();
  for (const { robot, order } of orders) {
    const { deployment, component } = order;
    const activity = { state: 'waiting', deployment, component, ready: true } as const;
    await says(fleet, robot, activity);
  }
  await fleet.drive();
  return orders;
}

async function ends(fleet: RolloutFleet, robot: FleetRobot, outcome: 'succeeded' | 'failed', release = fleet.v2) {
  const order = await offeredTo(robot, fleet);
  if (!order) throw new Error(`${robot.name} has no order`);
  const { deployment, component } = order;
  const previous = release === fleet.v2 ? fleet.v1 : fleet.v2;
  const ran = outcome === 'succeeded' ? { active: running(release), previous: running(previous) } : {};
  await robot.tells({ event: 'update-ended', deployment, component, outcome, ...ran });
}

/** Two robots on 1.0.0 are allowed to switch to 2.0.0; the first does, the second is silent from then on. */
async function oneSwitchesOneIsSilent() {
  const fleet = await rolloutFleet(2);
  const [first, silent] = fleet.robots;
  if (!first || !silent) throw new Error('there are two robots');
  await fleet.everybodyRuns(fleet.v1);
  const rollout = await deployToAll(fleet);
  const orders = await everybodyIsGranted(fleet);
  await ends(fleet, first, 'succeeded');
  fleet.clock.pass((DEADLINE_SEC + 1) * SECOND);
  await fleet.drive();
  const lost = orders.find(({ robot }) => robot === silent)?.order;
  if (!lost) throw new Error('the silent robot had its order');
  return { fleet, rollout, first, silent, lost };
}

/** Undoes it with the API; answers the undoing. */
async function undo(fleet: RolloutFleet, rollout: RolloutId): Promise<RolloutId> {
  const { component } = fleet;
  const body = { target: { updatedBy: rollout }, component, shape: { strategy: 'all-at-once' } } as const;
  return (await fleet.operator.createRollback({ body })).rollout;
}

describe('undoing takes every robot that was allowed to switch', () => {
  test('a robot that timed out after its grant is ordered back, though it said last that it runs the old release', async () => {
    const { fleet, rollout, silent } = await oneSwitchesOneIsSilent();
    expect(await orderOf(fleet, silent)).toBe('2.0.0 timed-out');
    await undo(fleet, rollout);
    await fleet.drive();
    expect(await orderOf(fleet, silent)).toBe('1.0.0 pending');
  });

  test('a robot that was allowed to switch when the rollout was aborted is ordered back', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.everybodyRuns(fleet.v1);
    const rollout = await deployToAll(fleet);
    await everybodyIsGranted(fleet);
    const { followedBy } = await fleet.operator.abortRollout({ params: { rollout }, body: { revert: true } });
    await fleet.drive();
    expect(followedBy).toBeDefined();
    const orders = await Promise.all(fleet.robots.map((robot) => orderOf(fleet, robot)));
    expect(orders).toEqual(['1.0.0 pending', '1.0.0 pending']);
  });
});

test('the only robot of a rollout is ordered back, though it froze in its switch and reports the old release', async () => {
  const fleet = await rolloutFleet(1);
  const [robot] = fleet.robots;
  if (!robot) throw new Error('there is a robot');
  await fleet.everybodyRuns(fleet.v1);
  const rollout = await deployToAll(fleet);
  await everybodyIsGranted(fleet);
  fleet.clock.pass((DEADLINE_SEC + 1) * SECOND);
  await fleet.drive();
  expect(await orderOf(fleet, robot)).toBe('2.0.0 timed-out');
  await undo(fleet, rollout);
  await fleet.drive();
  expect(await orderOf(fleet, robot)).toBe('1.0.0 pending');
});

test('a robot that the server has ordered the undone release again is ordered back, whatever came first', async () => {
  const fleet = await rolloutFleet(1);
  const [robot] = fleet.robots;
  if (!robot) throw new Error('there is a robot');
  await fleet.everybodyRuns(fleet.v1);
  const rollout = await deployToAll(fleet);
  await fleet.everybodyUpdates();
  // Its disk was restored.
  await robot.ask({ components: [installed(fleet.v1)] });
  expect(await orderOf(fleet, robot)).toBe('2.0.0 offered');
  // In the same moment: the repair looks as new as the undoing.
  await undo(fleet, rollout);
  await fleet.drive();
  expect(await orderOf(fleet, robot)).toBe('1.0.0 pending');
});

describe('a robot that could not be reached is brought back when it returns', () => {
  async function undoneWithoutTheSilentOne() {
    const story = await oneSwitchesOneIsSilent();
    const { fleet, rollout, first } = story;
    await fleet.operator.abortRollout({ params: { rollout }, body: { revert: true } }).catch(async () => undefined);
    const { followedBy } = await fleet.operator.showRollout({ params: { rollout } });
    const undoing = followedBy ?? (await undo(fleet, rollout));
    await fleet.drive();
    const order = await offeredTo(first, fleet);
    if (!order) throw new Error('the first robot is ordered back');
    const activity = {
      state: 'waiting',
      deployment: order.deployment,
      component: order.component,
      ready: true,
    } as const;
    await says(fleet, first, activity);
    await fleet.drive();
    await ends(fleet, first, 'succeeded', fleet.v1);
    fleet.clock.pass(31 * MINUTE);
    await fleet.drive();
    return { ...story, undoing };
  }

  test('its order stands after the undoing has passed it over, and it is named until it is back', async () => {
    const { fleet, silent, lost, undoing } = await undoneWithoutTheSilentOne();
    const params = { rollout: undoing };
    const view = await fleet.operator.showRollout({ params });
    expect(view).toMatchObject({ state: 'completed', notReached: { count: 1, robots: [{ robot: silent.name }] } });
    expect(await orderOf(fleet, silent)).toBe('1.0.0 pending');
    const { sentence } = await fleet.operator.explainRobot({ params: { robot: silent.name } });
    expect(sentence).toContain('has not gone back to');

    // It returns: it had switched and committed all the time.
    const { deployment, component } = lost;
    const active = running(fleet.v2);
    await silent.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded', active });
    await silent.runs(fleet.v2, fleet.v1);
    const back = await offeredTo(silent, fleet);
    expect(back).toMatchObject({ target: { version: '1.0.0' } });
    expect(back?.hold).toBeUndefined();
    await ends(fleet, silent, 'succeeded', fleet.v1);
    expect((await fleet.operator.showRollout({ params })).notReached).toBeUndefined();
    expect(await orderOf(fleet, silent)).toBe('1.0.0 succeeded');
  });

  test('a robot that reports the undone release although it was never allowed to switch is ordered back', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.everybodyRuns(fleet.v1);
    const rollout = await deployToAll(fleet);
    const [robot] = fleet.robots;
    if (!robot) throw new Error('there are two robots');
    const order = await offeredTo(robot, fleet);
    if (!order) throw new Error('it has its order');
    await fleet.operator.abortRollout({ params: { rollout }, body: { revert: true } });
    await fleet.drive();
    expect(await orderOf(fleet, robot)).toBe('2.0.0 cancelled');
    const { deployment, component } = order;
    const ran = { active: running(fleet.v2), previous: running(fleet.v1) };
    await robot.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded', ...ran });
    await fleet.drive();
    expect(await orderOf(fleet, robot)).toBe('1.0.0 pending');
    expect(await offeredTo(robot, fleet)).toMatchObject({ target: { version: '1.0.0' } });
  });

  test('a robot that says in a check-in that it runs the undone release is ordered back, before it reports', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.everybodyRuns(fleet.v1);
    const rollout = await deployToAll(fleet);
    const [robot] = fleet.robots;
    if (!robot) throw new Error('there are two robots');
    await offeredTo(robot, fleet);
    await fleet.operator.abortRollout({ params: { rollout }, body: { revert: true } });
    await fleet.drive();
    const { assignment } = await robot.runs(fleet.v2, fleet.v1);
    expect(assignment?.components).toMatchObject([{ target: { version: '1.0.0' } }]);
  });
});

describe('one robot that can not go back holds up no other', () => {
  test('an undoing goes on although a robot fails, and names it', async () => {
    const fleet = await rolloutFleet(3);
    await fleet.everybodyRuns(fleet.v1);
    const rollout = await deployToAll(fleet);
    await everybodyIsGranted(fleet);
    for (const robot of fleet.robots) {
      await ends(fleet, robot, 'succeeded');
      await robot.runs(fleet.v2, fleet.v1);
    }
    await fleet.drive();
    const undoing = await undo(fleet, rollout);
    await fleet.operator.changeLimits({ body: { maxStaging: 1 } });
    await fleet.drive();
    const fails = [];
    for (let turn = 1; turn <= 3; turn += 1) {
      for (const robot of fleet.robots) {
        const order = await offeredTo(robot, fleet);
        if (order?.target.version !== '1.0.0' || (await orderOf(fleet, robot)) === '1.0.0 succeeded') continue;
        const { deployment, component } = order;
        await says(fleet, robot, { state: 'waiting', deployment, component, ready: true });
        await fleet.drive();
        const outcome = fails.length === 0 ? 'failed' : 'succeeded';
        if (outcome === 'failed') fails.push(robot.name);
        await ends(fleet, robot, outcome, fleet.v1);
        await fleet.drive();
      }
    }
    const view = await fleet.operator.showRollout({ params: { rollout: undoing } });
    expect(view.state).toBe('completed');
    expect(view.stages[0]?.counts.states).toEqual({ failed: 1, succeeded: 2 });
    expect(view.notReached?.robots.map(({ robot }) => robot)).toEqual(fails);
  });
});
