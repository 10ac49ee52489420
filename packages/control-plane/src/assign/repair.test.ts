/** What a robot should run is compared with what it reports to run: a difference is ordered again, or named. */
import type { ComponentName, RobotId } from '@fairlead/shared/ids';
import { DAY, SECOND } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { rolloutFleet } from '../testing/rollout-fleet.ts';
import { running, testFleet } from '../testing/test-fleet.ts';

const duck = 'duck-policy' as ComponentName;
const target = { robot: 'duck-1' as RobotId };

async function robotOnVersion2() {
  const fleet = await testFleet();
  const { operator } = fleet;
  const v1 = await fleet.publisher.publish({ version: '1.0.0' });
  const v2 = await fleet.publisher.publish({ version: '2.0.0' });
  const robot = await fleet.robot('duck-1');
  await robot.runs(v1);
  await operator.deploy({ body: { target, component: duck, version: v2.manifest.version } });
  /** The robot installs what it is ordered, and reports its success. */
  const installs = async () => {
    const { assignment } = await robot.runs(v1);
    const deployment = assignment?.components[0]?.deployment;
    if (!deployment) throw new Error('nothing is ordered');
    const ended = { event: 'update-ended', deployment, component: duck, outcome: 'succeeded' } as const;
    await robot.tells({ ...ended, active: running(v2), previous: running(v1) });
    return deployment;
  };
  const explained = () => operator.explainRobot({ params: { robot: robot.name } });
  return { ...fleet, v1, v2, robot, installs, explained, first: await installs() };
}
const ordered = (
  assignment: { components: readonly { deployment: string; target: { version: string } }[] } | undefined,
) => (assignment?.components ?? []).map(({ target: { version } }) => version);

describe('a robot that committed a release and reports another one', () => {
  test('is never called up to date, and is ordered the release again under a new deployment', async () => {
    const { robot, v1, v2, operator, explained, first, installs } = await robotOnVersion2();
    await robot.runs(v2, v1);
    expect((await explained()).sentence).toBe('duck-1 is up to date with duck-policy@2.0.0.');
    const { assignment } = await robot.runs(v1, v2);
    expect(ordered(assignment)).toEqual(['2.0.0']);
    expect(assignment?.components[0]?.deployment).not.toBe(first);
    const { deployment } = await operator.showDeployment({ params: { deployment: first } });
    expect(deployment).toMatchObject({ state: 'degraded', refusal: { category: 'runs_another_release' } });
    expect((await explained()).sentence).not.toContain('up to date');
    await installs();
    await robot.runs(v2, v1);
    expect((await explained()).sentence).toBe('duck-1 is up to date with duck-policy@2.0.0.');
  });

  test('counts as a failure of none of its rollouts any more once its repair succeeded', async () => {
    const { robots, operator, clock, component, v2, ...fleet } = await rolloutFleet(1);
    const [robot] = robots;
    if (!robot) throw new Error('there is one robot');
    const shape = { strategy: 'all-at-once' } as const;
    // The robot skips the second one: it has the release.
    for (const _again of [1, 2]) {
      await operator.createRollout({ body: { target: { all: true }, component, version: v2.version, shape } });
      await fleet.drive();
      await fleet.everybodyUpdates();
      clock.pass(SECOND);
    }
    clock.pass(SECOND);
    const { assignment } = await robot.ask({ components: [] });
    const deployment = assignment?.components[0]?.deployment;
    if (!deployment) throw new Error('it is ordered again');
    const listed = async () => (await operator.listDeployments({ query: {} })).items.map(({ state }) => state);
    expect(await listed()).toContain('degraded');
    await robot.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded', active: running(v2) });
    expect(await listed()).toEqual(['succeeded', 'skipped', 'succeeded']);
  });

  test('is ordered it again also where it reports no release at all, as one that was imaged again', async () => {
    const { robot } = await robotOnVersion2();
    expect(ordered((await robot.ask({ components: [] })).assignment)).toEqual(['2.0.0']);
  });

  test('is not ordered again while it is updating or has reports to deliver, which may explain the difference', async () => {
    const { robot, v1, first } = await robotOnVersion2();
    const components = [{ component: duck, active: running(v1) }];
    const busy = { state: 'rolling-back', component: duck, deployment: first } as const;
    for (const more of [{ activity: busy }, { unsentReports: 1 }]) {
      const { assignment } = await robot.ask({ components, ...more });
      expect(assignment?.components[0]?.deployment).toBe(first);
    }
  });

  test('is named and not ordered it for ever: after three repairs in a row a person has to look', async () => {
    const { robot, v1, installs, explained, operator } = await robotOnVersion2();
    for (let repair = 1; repair <= 3; repair += 1) await installs();
    await robot.runs(v1);
    const explanation = await explained();
    expect(explanation).toMatchObject({ blocked: true, refusal: { category: 'repairs_used_up' } });
    expect(explanation.sentence).toMatch(
      /^duck-1 reports duck-policy@1.0.0 \(\w{12}\) but its order is duck-policy@2.0.0 \(\w{12}\): /,
    );
    const { items } = await operator.listDeployments({ query: { robot: robot.name } });
    expect(items).toHaveLength(4);
    expect((await operator.fleetStatus()).attention).toMatchObject([{ robot: 'duck-1' }]);
  });

  test('is repaired again where its release had stayed for a day', async () => {
    const { robot, v1, v2, installs, controlPlane } = await robotOnVersion2();
    for (let repair = 1; repair <= 3; repair += 1) await installs();
    await robot.runs(v2, v1);
    controlPlane.clock.pass(2 * DAY);
    await robot.runs(v2, v1);
    expect(ordered((await robot.runs(v1)).assignment)).toEqual(['2.0.0']);
  });

  test('is not ordered a release that was revoked meanwhile', async () => {
    const { robot, v1, publisher, explained } = await robotOnVersion2();
    await publisher.revoke({ version: '2.0.0' });
    expect(ordered((await robot.runs(v1)).assignment)).toEqual([]);
    expect((await explained()).sentence).toBe('duck-1 has nothing assigned and reports duck-policy@1.0.0.');
  });
});

test('a canary that leaves its release during the stage is a failure of the gate and is not ordered it again', async () => {
  const fleet = await rolloutFleet(2);
  await fleet.everybodyRuns(fleet.v1);
  const stages = [{ upTo: { count: 1 }, soakSec: 600 }, { upTo: { percent: 100 } }];
  const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version } as const;
  const { rollout } = await fleet.operator.createRollout({ body: { ...body, shape: { strategy: 'custom', stages } } });
  await fleet.drive();
  const [canary] = (await fleet.ordered()).map(({ robot }) => robot);
  if (!canary) throw new Error('there is a canary');
  await fleet.everybodyUpdates();
  await canary.runs(fleet.v1);
  await fleet.drive();
  expect(await fleet.operator.showRollout({ params: { rollout } })).toMatchObject({
    state: 'paused',
    stages: [{ counts: { states: { degraded: 1 } } }, {}],
  });
  expect((await fleet.operator.explainRobot({ params: { robot: canary.name } })).refusal?.category).toBe(
    'up_to_rollout',
  );
});
