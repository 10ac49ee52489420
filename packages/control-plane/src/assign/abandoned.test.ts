/** Rolling back never rolls forward: a release that a robot was rolled back from is not returned to by accident. */
import type { ComponentName, RobotId } from '@fairlead/shared/ids';
import { SECOND } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { installed, running, testFleet } from '../testing/test-fleet.ts';
import type { BuiltRelease } from '../testing/test-publisher.ts';

const component = 'duck-policy' as ComponentName;
const one = { robot: 'duck-1' as RobotId };

async function robotOnVersion3() {
  const fleet = await testFleet();
  const { operator, controlPlane } = fleet;
  const releases: BuiltRelease[] = [];
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) releases.push(await fleet.publisher.publish({ version }));
  const robot = await fleet.robot('duck-1', { group: 'warehouse' });
  let runs: BuiltRelease | undefined;
  /** The robot does what it is ordered, and keeps what it ran as its previous release. */
  const carriesOut = async (outcome: 'succeeded' | 'rolled-back' = 'succeeded') => {
    controlPlane.clock.pass(SECOND);
    const { assignment } = await robot.ask();
    const [order] = assignment?.components ?? [];
    const release = releases.find(({ manifest }) => manifest.version === order?.target.version);
    if (!order || !release) throw new Error('nothing is ordered');
    const { deployment } = order;
    await robot.tells({ event: 'update-state', deployment, component, state: 'switching' });
    const now = outcome === 'succeeded' ? release : runs;
    const active = now && { active: running(now) };
    const previous = outcome === 'succeeded' && runs ? { previous: running(runs) } : {};
    await robot.tells({ event: 'update-ended', deployment, component, outcome, ...active, ...previous });
    runs = now;
    controlPlane.clock.pass(SECOND);
    await robot.ask();
    return release.manifest.version;
  };
  const deploy = async (version: string) => {
    const release = releases.find(({ manifest }) => manifest.version === version);
    if (!release) throw new Error(`${version} was not built`);
    await operator.deploy({
      body: { target: one, component, version: release.manifest.version, allowDowngrade: true },
    });
    return carriesOut();
  };
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) await deploy(version);
  /** The version that is ordered, or why none is. */
  const rollBack = async (more: object = {}) => {
    const { deployments, skipped } = await operator.rollBack({ body: { target: one, ...more } });
    return skipped[0]?.refusal.category ?? deployments[0]?.version;
  };
  const [v1, v2, v3] = releases;
  if (!v1 || !v2 || !v3) throw new Error('three were built');
  return { ...fleet, join: fleet.robot, robot, carriesOut, deploy, rollBack, v1, v2, v3 };
}

describe('a rollback without a version', () => {
  test('that is repeated goes further back each time, and is refused where only abandoned releases are left', async () => {
    const { rollBack, carriesOut, operator } = await robotOnVersion3();
    expect([await rollBack(), await carriesOut()]).toEqual(['2.0.0', '2.0.0']);
    expect([await rollBack(), await carriesOut()]).toEqual(['1.0.0', '1.0.0']);
    const { deployments, skipped } = await operator.rollBack({ body: { target: one } });
    expect(deployments).toEqual([]);
    expect(skipped).toMatchObject([
      { refusal: { category: 'abandoned', detail: expect.stringContaining('by the-admin') } },
    ]);
  });

  test('of a group does not reinstall what the whole fleet was just rolled back from', async () => {
    const { operator, controlPlane, robot, carriesOut, rollBack } = await robotOnVersion3();
    const shape = { strategy: 'all-at-once' } as const;
    await operator.createRollback({ body: { target: { all: true }, component, shape } });
    await controlPlane.drive();
    const asked = await robot.ask({ understands: ['hold'] });
    const deployment = asked.assignment?.components[0]?.deployment;
    if (!deployment) throw new Error('nothing is ordered');
    const activity = { state: 'waiting', deployment, component, ready: true } as const;
    await robot.ask({ understands: ['hold'], activity });
    await controlPlane.drive();
    expect(await carriesOut()).toBe('2.0.0');
    expect(await rollBack({ target: { group: 'warehouse' }, component })).toBe('1.0.0');
  });

  test('passes over what a rollback left that was cancelled too late', async () => {
    const { operator, robot, v2, v3, rollBack } = await robotOnVersion3();
    const [order] = (await operator.rollBack({ body: { target: one } })).deployments;
    if (!order) throw new Error('nothing is ordered');
    const { deployment } = order;
    await robot.ask();
    await operator.cancelDeployment({ params: { deployment } });
    const ended = { event: 'update-ended', deployment, component, outcome: 'succeeded' } as const;
    await robot.tells({ ...ended, active: running(v2), previous: running(v3) });
    await robot.ask({ components: [installed(v2, v3)] });
    expect(await rollBack()).toBe('1.0.0');
  });

  test('passes over a release that the robot rolled back from by itself', async () => {
    const { rollBack, carriesOut, operator, v3, robot, deploy } = await robotOnVersion3();
    await rollBack({ toVersion: '1.0.0' });
    await carriesOut();
    await operator.deploy({ body: { target: one, component, version: v3.manifest.version } });
    await carriesOut('rolled-back');
    expect(await deploy('2.0.0')).toBe('2.0.0');
    await robot.ask();
    expect(await rollBack()).toBe('1.0.0');
  });

  test('passes over a release that a person on the robot rolled back from', async () => {
    const { robot, rollBack, v2, v3 } = await robotOnVersion3();
    const left = { active: running(v2), previous: running(v3) };
    await robot.tells({ event: 'local-rollback', component, by: 'ann', ...left });
    await robot.ask({ components: [installed(v2, v3)] });
    expect(await rollBack()).toBe('1.0.0');
  });
});

describe('a release that a robot was rolled back from', () => {
  test('is returned to only by its version and with a confirmation, for one robot and for a rollout', async () => {
    const { rollBack, carriesOut, operator } = await robotOnVersion3();
    await rollBack();
    await carriesOut();
    expect(await rollBack({ toVersion: '3.0.0' })).toBe('abandoned');
    const body = { target: { all: true }, component, toVersion: '3.0.0' as never } as const;
    expect(await refusal(operator.createRollback({ body }))).toBe('refused');
    const { spec } = await operator.createRollback({ body: { ...body, confirmAbandoned: true } });
    expect(spec.confirmAbandoned).toBe(true);
    expect(await rollBack({ toVersion: '3.0.0', confirmAbandoned: true })).toBe('3.0.0');
  });

  test('asks with the names of the robots that left it, so that one robot does not speak for a group', async () => {
    const { robot, join, operator, v2, v3 } = await robotOnVersion3();
    for (const name of ['duck-2', 'duck-3']) await (await join(name)).ask({ components: [installed(v2, v3)] });
    // A robot alone decides what it reports: only its own word stands behind this.
    await robot.tells({
      event: 'local-rollback',
      component,
      by: 'ann',
      active: running(v2),
      previous: running(v3),
    });
    const body = { target: { all: true }, component, toVersion: v3.manifest.version } as const;
    await expect(operator.createRollback({ body })).rejects.toMatchObject({
      problem: {
        refusal: {
          category: 'abandoned',
          detail: expect.stringMatching(
            /^1 of 3 robots was rolled back from duck-policy@3\.0\.0: duck-1\. duck-1 was rolled back from .* by duck-1 at .*: ann on the robot itself/,
          ),
        },
      },
    });
  });

  test('counts again once it was ordered by name and succeeded', async () => {
    const { rollBack, carriesOut, deploy } = await robotOnVersion3();
    await rollBack();
    await carriesOut();
    await deploy('3.0.0');
    await rollBack({ toVersion: '1.0.0' });
    await carriesOut();
    expect(await rollBack({ toVersion: '2.0.0' })).toBe('2.0.0');
  });

  test('is not recorded where the rollback was cancelled before it began', async () => {
    const { rollBack, operator, deploy } = await robotOnVersion3();
    await rollBack();
    const { items } = await operator.listDeployments({ query: { state: 'pending' } });
    for (const { deployment } of items) await operator.cancelDeployment({ params: { deployment } });
    await deploy('1.0.0');
    expect(await rollBack()).toBe('3.0.0');
  });
});

test('a rollback that affects no robot is refused with the reason', async () => {
  const fleet = await testFleet();
  const v1 = await fleet.publisher.publish({ version: '1.0.0' });
  const robot = await fleet.robot('duck-1');
  await robot.runs(v1);
  const target = { all: true } as const;
  const rollback = (more: object = {}) => fleet.operator.createRollback({ body: { target, component, ...more } });
  await expect(rollback()).rejects.toMatchObject({
    problem: { code: 'refused', detail: expect.stringContaining('This rollback affects no robot.') },
  });
  expect(await refusal(rollback({ toVersion: '1.0.0' }))).toBe('refused');
});
