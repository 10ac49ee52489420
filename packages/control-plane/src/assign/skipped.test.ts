/** An order is skipped only where the robot itself has reported the digest since anything in progress ended. */
import type { ComponentName, RobotId, Version } from '@fairlead/shared/ids';
import { HOUR, SECOND } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { running, testFleet } from '../testing/test-fleet.ts';

const duck = 'duck-policy' as ComponentName;
const target = { robot: 'duck-1' as RobotId };

async function robotOnVersion2() {
  const fleet = await testFleet();
  const v1 = await fleet.publisher.publish({ version: '1.0.0' });
  const v2 = await fleet.publisher.publish({ version: '2.0.0' });
  await fleet.publisher.publish({ version: '3.0.0' });
  const robot = await fleet.robot('duck-1');
  await robot.runs(v2, v1);
  const deploy = async (version: string) => {
    const body = { target, component: duck, version: version as Version };
    const [made] = (await fleet.operator.deploy({ body })).deployments;
    if (!made) throw new Error('nothing was ordered');
    return made;
  };
  const rollBack = async () => {
    const [made] = (await fleet.operator.rollBack({ body: { target } })).deployments;
    if (!made) throw new Error('nothing was ordered');
    return made;
  };
  return { ...fleet, v1, v2, robot, deploy, rollBack };
}

describe('ordering what a robot still reports while its rollback is in progress is never skipped', () => {
  test('where the rollback is switching and another order came in between', async () => {
    const { robot, v1, v2, deploy, rollBack } = await robotOnVersion2();
    const { deployment } = await rollBack();
    await robot.runs(v2, v1);
    await robot.tells({ event: 'update-state', deployment, component: duck, state: 'switching' });
    await deploy('3.0.0');
    expect(await deploy('2.0.0')).toMatchObject({ state: 'pending' });
    const ended = { event: 'update-ended', deployment, component: duck, outcome: 'succeeded' } as const;
    await robot.tells({ ...ended, active: running(v1), previous: running(v2) });
    const { assignment } = await robot.runs(v1, v2);
    expect(assignment?.components.map(({ target: { version } }) => version)).toEqual(['2.0.0']);
  });

  test('where the rollback was offered and the robot has not reported since', async () => {
    const { robot, v1, v2, deploy, rollBack } = await robotOnVersion2();
    await rollBack();
    await robot.runs(v2, v1);
    expect(await deploy('2.0.0')).toMatchObject({ state: 'pending' });
  });

  test('where the rollback was cancelled after it was offered, until the robot reports again', async () => {
    const { controlPlane, operator, robot, v1, v2, deploy, rollBack } = await robotOnVersion2();
    const { deployment } = await rollBack();
    await robot.runs(v2, v1);
    controlPlane.clock.pass(SECOND);
    await operator.cancelDeployment({ params: { deployment } });
    const open = await deploy('2.0.0');
    expect(open).toMatchObject({ state: 'pending' });
    await operator.cancelDeployment({ params: { deployment: open.deployment } });
    controlPlane.clock.pass(SECOND);
    await robot.runs(v2, v1);
    expect(await deploy('2.0.0')).toMatchObject({ state: 'skipped' });
  });

  test('where the robot reports an update in progress', async () => {
    const { robot, deploy, rollBack, controlPlane, operator, v2 } = await robotOnVersion2();
    const { deployment } = await rollBack();
    await operator.cancelDeployment({ params: { deployment } });
    controlPlane.clock.pass(SECOND);
    const activity = { state: 'staging', component: duck, deployment } as const;
    await robot.ask({ activity, components: [{ component: duck, active: running(v2) }] });
    expect(await deploy('2.0.0')).toMatchObject({ state: 'pending' });
  });
});

test('a clock that was set back leaves nothing skipped by what a robot reported before', async () => {
  const { controlPlane, robot, v1, v2, deploy } = await robotOnVersion2();
  controlPlane.clock.pass(-HOUR);
  await robot.runs(v1, v2);
  expect(await deploy('2.0.0')).toMatchObject({ state: 'pending' });
  expect(await deploy('1.0.0')).toMatchObject({ state: 'skipped' });
});
