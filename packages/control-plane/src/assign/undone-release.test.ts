/** After an undoing nothing that the control plane does by itself orders the undone release again; a person may. */
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import { SECOND } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import { type FleetRobot, fleetRobot, running } from '../testing/test-fleet.ts';
import { testRobot } from '../testing/test-robot.ts';

const AT_ONCE = { strategy: 'all-at-once' } as const;

const FAILED_OFTEN = {
  phase: 'assign',
  element: 'duck-2',
  category: 'repeated_failures',
  detail: 'Its last 3 updates failed.',
  retryable: true,
  hint: 'Look at the robot.',
} as const;

/** Everybody runs 2.0.0 by one rollout; those at these positions have run 1.0.0 before, and the others nothing. */
async function fleetOnVersion2({ runVersion1, ...more }: { runVersion1: readonly number[]; newRobots?: 'include' }) {
  const fleet = await rolloutFleet(2);
  const { component, v1, v2 } = fleet;
  for (const at of runVersion1) {
    const robot = fleet.robots[at];
    if (!robot) throw new Error('there is no such robot');
    await fleet.operator.deploy({ body: { target: { robot: robot.name }, component, version: v1.version } });
    await carriesOut(fleet, robot);
  }
  const body = { target: { all: true }, component, version: v2.version, shape: AT_ONCE, ...more } as const;
  const { rollout } = await fleet.operator.createRollout({ body });
  await fleet.drive();
  await fleet.everybodyUpdates();
  fleet.clock.pass(SECOND);
  const [first, second] = fleet.robots;
  if (!first || !second) throw new Error('there are two robots');
  return { ...fleet, rollout, first, second };
}
type Story = Awaited<ReturnType<typeof fleetOnVersion2>>;

/** The robot carries out its newest order. */
async function carriesOut({ component, clock, drive, v1, v2 }: RolloutFleet, robot: FleetRobot) {
  await robot.ask();
  await drive();
  const { assignment } = await robot.ask();
  const [order] = assignment?.components ?? [];
  if (!order) throw new Error('nothing is ordered');
  const { deployment } = order;
  const active = running(order.target.version === v1.version ? v1 : v2);
  await robot.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded', active });
  clock.pass(SECOND);
}
const undo = async ({ operator, component, drive }: RolloutFleet, rollout: RolloutId) => {
  await operator.createRollback({ body: { target: { updatedBy: rollout }, component, shape: AT_ONCE } });
  await drive();
};
const orderedOf = async (robot: FleetRobot) =>
  (await robot.ask()).assignment?.components.map(({ target }) => target.version);
/** Somebody images the robot again: it runs nothing any more. */
const loses = async ({ clock }: RolloutFleet, robot: FleetRobot) => {
  clock.pass(SECOND);
  const { assignment } = await robot.ask({ components: [] });
  return assignment?.components ?? [];
};

/** The first robot has 1.0.0 to go back to. The second has none: it was repaired twice, and the undoing leaves it out. */
async function undoneWithoutTheRepaired() {
  const story = await fleetOnVersion2({ runVersion1: [0] });
  const { second, rollout } = story;
  for (const _repair of [1, 2]) {
    expect(await loses(story, second)).toMatchObject([{ target: { version: '2.0.0' } }]);
    await carriesOut(story, second);
  }
  await undo(story, rollout);
  return story;
}

describe('a robot that an undoing left out', () => {
  test('is not ordered the undone release again where it leaves it, though a repair had ordered it last', async () => {
    const story = await undoneWithoutTheRepaired();
    const { second, operator } = story;
    const before = (await operator.listDeployments({ query: { robot: second.name } })).items.length;
    await loses(story, second);
    expect((await operator.listDeployments({ query: { robot: second.name } })).items).toHaveLength(before);
    const { refusal } = await operator.explainRobot({ params: { robot: second.name } });
    expect(refusal).toMatchObject({ category: 'up_to_rollout' });
  });

  test('is ordered it again, and repaired, once a person has ordered it of this robot by name', async () => {
    const story = await undoneWithoutTheRepaired();
    const { second, operator, component, v2 } = story;
    await loses(story, second);
    const target = { robot: second.name };
    await operator.deploy({ body: { target, component, version: v2.version } });
    await carriesOut(story, second);
    expect(await loses(story, second)).toMatchObject([{ target: { version: '2.0.0' } }]);
  });

  test('does not return to it with a rollback that names no version', async () => {
    const story = await undoneWithoutTheRepaired();
    const { second, operator, component, publisher } = story;
    const v3 = await publisher.publish({ version: '3.0.0' });
    const target = { robot: second.name };
    const { deployments } = await operator.deploy({ body: { target, component, version: v3.manifest.version } });
    const [deployment] = deployments.map((each) => each.deployment);
    if (!deployment) throw new Error('it is ordered');
    const ran = { active: running(v3), previous: running(story.v2) };
    await second.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded', ...ran });
    const { skipped } = await operator.rollBack({ body: { target } });
    expect(skipped).toMatchObject([{ robot: second.name, refusal: { category: 'no_previous' } }]);
  });
});

describe('a robot that was quarantined when its rollout was undone', () => {
  async function readmittedAfterTheUndoing(runVersion1: readonly number[]) {
    const story = await fleetOnVersion2({ runVersion1 });
    const { second, operator, controlPlane, rollout } = story;
    const record = await controlPlane.store.robots.find(second.name);
    if (!record) throw new Error('it has enrolled');
    await controlPlane.store.robots.save({ ...record, quarantined: FAILED_OFTEN });
    await undo(story, rollout);
    await operator.readmitRobot({ params: { robot: second.name } });
    return story;
  }

  test('is ordered back when it is readmitted', async () => {
    const { second } = await readmittedAfterTheUndoing([0, 1]);
    expect(await orderedOf(second)).toEqual(['1.0.0']);
  });

  test('is named with the reason where it has nothing to go back to', async () => {
    const { second, operator } = await readmittedAfterTheUndoing([0]);
    expect(await orderedOf(second)).toEqual(['2.0.0']);
    const { items } = await operator.listRollouts({ query: {} });
    const undoing = items.find(({ spec }) => spec.kind === 'rollback');
    if (!undoing) throw new Error('it was undone');
    const { notReached } = await operator.showRollout({ params: { rollout: undoing.rollout } });
    expect(notReached?.robots.map(({ robot }) => robot)).toEqual([second.name]);
  });

  test('keeps the release where it ran it before the rollout and skipped its order', async () => {
    const fleet = await rolloutFleet(2);
    const { robots, operator, controlPlane, component, v1, v2, drive } = fleet;
    const [first, second] = robots;
    if (!first || !second) throw new Error('there are two robots');
    await operator.deploy({ body: { target: { robot: first.name }, component, version: v1.version } });
    await carriesOut(fleet, first);
    await second.runs(v2, v1);
    const body = { target: { all: true }, component, version: v2.version, shape: AT_ONCE } as const;
    const { rollout } = await operator.createRollout({ body });
    await drive();
    await carriesOut(fleet, first);
    await undo(fleet, rollout);
    const record = await controlPlane.store.robots.find(second.name);
    if (!record) throw new Error('it has enrolled');
    await controlPlane.store.robots.save({ ...record, quarantined: FAILED_OFTEN });
    await operator.readmitRobot({ params: { robot: second.name } });
    const { items } = await operator.listDeployments({ query: { robot: second.name } });
    expect(items).toMatchObject([{ version: '2.0.0', state: 'skipped' }]);
  });

  test('keeps the release where a person has ordered it of this robot since', async () => {
    const story = await fleetOnVersion2({ runVersion1: [0, 1] });
    const { second, operator, component, v2, rollout } = story;
    await undo(story, rollout);
    await carriesOut(story, second);
    await operator.deploy({ body: { target: { robot: second.name }, component, version: v2.version } });
    await carriesOut(story, second);
    await operator.readmitRobot({ params: { robot: second.name } });
    expect(await orderedOf(second)).toEqual(['2.0.0']);
  });
});

describe('a rollout that takes in new robots', () => {
  async function newcomer({ controlPlane, publisher, operator }: Story, name: string) {
    const robot = testRobot(controlPlane, name);
    await robot.enrol();
    await operator.acceptRobot({ params: { robot: robot.name }, body: {} });
    return fleetRobot(controlPlane, publisher, robot);
  }
  /** Joining goes on after the answer of the command that caused it. */
  const joined = async ({ drive }: RolloutFleet) => {
    await new Promise((done) => setTimeout(done, 100));
    await drive();
  };

  test('still orders its release of one that joins after a robot of it was repaired', async () => {
    const story = await fleetOnVersion2({ runVersion1: [], newRobots: 'include' });
    await loses(story, story.second);
    await carriesOut(story, story.second);
    const robot = await newcomer(story, 'duck-9');
    await joined(story);
    const { deployments } = await story.controlPlane.store.desired.of(robot.name);
    expect(deployments.map(({ version, state }) => `${version} ${state}`)).toEqual(['2.0.0 pending']);
  });

  test('does not order it of a robot that was rolled back from it, and says why', async () => {
    const story = await fleetOnVersion2({ runVersion1: [0, 1] });
    const { operator, component, v2, first, second, rollout } = story;
    for (const [robot, group] of [
      [first, 'north'],
      [second, 'south'],
    ] as const) {
      await operator.changeRobot({ params: { robot: robot.name }, body: { group } });
    }
    await undo(story, rollout);
    for (const robot of [first, second]) await carriesOut(story, robot);
    const body = {
      component,
      version: v2.version,
      shape: AT_ONCE,
      newRobots: 'include',
      target: { group: 'north' },
    } as const;
    const again = await operator.createRollout({ body });
    await story.drive();
    await operator.changeRobot({ params: { robot: second.name }, body: { group: 'north' } });
    await joined(story);
    expect(await orderedOf(second)).toEqual(['1.0.0']);
    const params = { rollout: again.rollout };
    const { items } = await operator.listRolloutRobots({ params, query: { excluded: 'only' } });
    expect(items).toMatchObject([{ robot: 'duck-2' as RobotId, excluded: { category: 'abandoned' } }]);
  });
});
