import type { ComponentName, RobotId, Version } from '@fairlead/shared/ids';
import { MINUTE } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testFleet } from '../testing/test-fleet.ts';
import { testRobot } from '../testing/test-robot.ts';

const duck = 'duck-policy' as ComponentName;
const refusal = {
  phase: 'smoke-test',
  component: 'duck-policy',
  element: 'policy.onnx',
  category: 'not_finite',
  detail: 'Output action holds NaN.',
  retryable: false,
  hint: 'Train it again.',
} as const;

async function deployed() {
  const fleet = await testFleet();
  await fleet.publisher.publish({ version: '1.0.0' });
  const robot = await fleet.robot('duck-1');
  const body = { target: { robot: 'duck-1' as RobotId }, component: duck, version: '1.0.0' as Version };
  const [made] = (await fleet.operator.deploy({ body })).deployments;
  if (!made) throw new Error('nothing was deployed');
  const said = async () => (await fleet.operator.explainRobot({ params: { robot: robot.name } })).sentence;
  return { ...fleet, duck1: robot, deployment: made.deployment, said };
}

describe('explain', () => {
  test('follows a robot from never seen to refused', async () => {
    const { duck1, deployment, said, controlPlane } = await deployed();
    expect(await said()).toBe('duck-1 has never checked in.');
    await duck1.ask();
    expect(await said()).toBe('duck-1 was offered duck-policy@1.0.0 and has not begun.');
    await duck1.ask({ activity: { state: 'downloading', deployment, component: duck, progress: 0.5 } });
    expect(await said()).toBe('duck-1 downloads duck-policy@1.0.0 (50 %).');
    controlPlane.clock.pass(6 * MINUTE);
    expect(await said()).toBe('duck-1 is offline, last heard 6 minutes ago.');
    await duck1.ask({ activity: { state: 'idle' } });
    await duck1.tells({ event: 'update-ended', deployment, component: duck, outcome: 'rejected', refusal });
    expect(await said()).toBe('duck-1 refused duck-policy@1.0.0: Output action holds NaN.');
  });

  test('tells that the trust is missing', async () => {
    const controlPlane = await testControlPlane();
    const { operator } = await controlPlane.as('operator');
    const duck1 = testRobot(controlPlane, 'duck-1');
    await duck1.enrol();
    const explained = () => operator.explainRobot({ params: { robot: duck1.name } });
    expect((await explained()).unblock).toContain('fairlead robot accept duck-1');
    await operator.acceptRobot({ params: { robot: duck1.name }, body: {} });
    expect((await explained()).unblock).toContain('fairlead trust init');
  });
});

test('the fleet at a glance: who is heard, what runs, what is open, and who needs a person, worst first', async () => {
  const { duck1, deployment, operator, robot, controlPlane } = await deployed();
  const waiting = testRobot(controlPlane, 'a-newcomer');
  await waiting.enrol();
  await robot('silent-1');
  await duck1.ask();
  await duck1.tells({ event: 'update-ended', deployment, component: duck, outcome: 'failed', refusal });
  const status = await operator.fleetStatus();
  expect(status).toMatchObject({
    robots: 3,
    presence: { online: 1, 'never-seen': 1, late: 0, offline: 0 },
    lifecycle: { accepted: 2, pending: 1 },
    deployments: { failed: 1, pending: 0 },
    running: [],
  });
  expect(status.attention.map(({ robot: name }) => name)).toEqual(['duck-1', 'silent-1', 'a-newcomer']);
});
