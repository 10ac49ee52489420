import type { ComponentName, RobotId, Version } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { running, testFleet } from '../testing/test-fleet.ts';

const component = 'duck-policy' as ComponentName;

/** duck-1 runs 2.0.0 after 1.0.0, and has begun what `give` orders. */
async function begun(give: 'deploy' | 'rollBack') {
  const fleet = await testFleet();
  const one = await fleet.publisher.publish({ version: '1.0.0' });
  const two = await fleet.publisher.publish({ version: '2.0.0' });
  await fleet.publisher.publish({ version: '3.0.0' });
  const robot = await fleet.robot('duck-1');
  await robot.runs(two, one);
  const target = { robot: 'duck-1' as RobotId };
  const { deployments } =
    give === 'deploy'
      ? await fleet.operator.deploy({ body: { target, component, version: '3.0.0' as Version } })
      : await fleet.operator.rollBack({ body: { target } });
  const [made] = deployments;
  if (!made) throw new Error('no deployment');
  const { deployment } = made;
  await robot.tells({ event: 'update-state', deployment, component, state: 'switching' });
  const cancel = () => fleet.operator.cancelDeployment({ params: { deployment } });
  return { robot, deployment, cancel, active: running(one) };
}

test('a deployment that is cancelled after its robot began to switch is undone by a rollback of its component', async () => {
  const { cancel } = await begun('deploy');
  await expect(cancel()).rejects.toMatchObject({
    problem: {
      detail: 'The robot has begun to switch (switching): too late to cancel.',
      hint: 'Undo it instead: fairlead rollback --robot duck-1 --component duck-policy',
    },
  });
});

test('a rollback that is cancelled too late is not undone by a rollback, which would go further back', async () => {
  const { robot, deployment, cancel, active } = await begun('rollBack');
  const hint =
    'To bring it forward again, name the release: fairlead deploy --robot duck-1 --release duck-policy@VERSION';
  await expect(cancel()).rejects.toMatchObject({ problem: { hint } });
  await robot.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded', active });
  await expect(cancel()).rejects.toMatchObject({
    problem: { detail: 'It has ended (succeeded): too late to cancel.', hint },
  });
});

test('a deployment that changed nothing has nothing to be undone when it is cancelled after its end', async () => {
  const { robot, deployment, cancel } = await begun('deploy');
  await robot.tells({ event: 'update-ended', deployment, component, outcome: 'rolled-back' });
  await expect(cancel()).rejects.toMatchObject({
    problem: {
      detail: 'It has ended (rolled-back): too late to cancel.',
      hint: 'Nothing was done. See what the robot runs: fairlead explain duck-1',
    },
  });
});
