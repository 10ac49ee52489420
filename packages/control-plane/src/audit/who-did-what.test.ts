import type { ComponentName, RobotId, Version } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { testFleet } from '../testing/test-fleet.ts';
import { testRobot } from '../testing/test-robot.ts';

const duck1 = { params: { robot: 'duck-1' as RobotId } };

test('whatever a person changes is in the log, once, with who and what; what was refused is not', async () => {
  const { operator, publisher, robot, controlPlane } = await testFleet();
  await publisher.publish({ version: '1.0.0' });
  await robot('duck-1', { group: 'ducks' });
  const order = { component: 'duck-policy' as ComponentName, version: '1.0.0' as Version };
  const { deployments } = await operator.deploy({ body: { target: { group: 'ducks' }, ...order, reason: 'new gait' } });
  await refusal(operator.deploy({ body: { target: { group: 'geese' }, ...order } }));
  await operator.cancelDeployment({ params: { deployment: deployments[0]?.deployment as never } });
  await operator.rollBack({ body: { target: { robot: 'duck-1' as RobotId }, toVersion: '1.0.0' as Version } });
  await operator.changeRobot({ ...duck1, body: { labels: { site: 'oslo' } } });
  const settings = await operator.showSettings();
  await operator.changeSettings({ body: { ...settings, longPollSec: 7 } });
  const { id } = await operator.createEnrolmentToken({ body: { environment: 'staging' } });
  await operator.deleteEnrolmentToken({ params: { id } });
  await refusal(operator.deleteEnrolmentToken({ params: { id } }));
  await operator.createUser({ body: { name: 'bob', role: 'viewer', password: 'a long enough one' } });
  await operator.changeUser({ params: { name: 'bob' }, body: { role: 'operator', password: 'another one, longer' } });
  await operator.deleteUser({ params: { name: 'bob' } });
  const token = await operator.createToken({ body: { name: 'ci', role: 'viewer' } });
  await operator.deleteToken({ params: { id: token.id } });
  await testRobot(controlPlane, 'stranger').enrol();
  await operator.rejectRobot({ params: { robot: 'stranger' as RobotId } });
  await operator.decommissionRobot(duck1);
  await refusal(operator.rejectRobot(duck1));

  const { items } = await operator.listAudit({ query: { order: 'oldest-first', limit: 100 } });
  expect(items.map(({ action, element }) => `${action} ${element}`)).toEqual([
    'session.login the-admin',
    'trust.init root',
    'role.publish development',
    'robot.accept duck-1',
    'deploy.direct group ducks',
    `deployment.cancel ${deployments[0]?.deployment}`,
    'rollback.direct duck-1',
    'robot.label duck-1',
    'settings.change fleet',
    `enrolment-token.create ${id}`,
    `enrolment-token.delete ${id}`,
    'user.create bob',
    'user.change bob',
    'user.delete bob',
    `token.create ${token.id}`,
    `token.delete ${token.id}`,
    'robot.reject stranger',
    'robot.decommission duck-1',
  ]);
  expect(new Set(items.map(({ by }) => by))).toEqual(new Set(['the-admin']));
  const said = (action: string) => items.find((entry) => entry.action === action)?.detail;
  expect(said('settings.change')).toBe('longPollSec is 7.');
  expect(said('user.change')).toBe('bob was viewer and is operator. The password of bob is another one.');
  expect(said('deploy.direct')).toBe('1 robot was ordered duck-policy@1.0.0.');
  expect(said('role.publish')).toContain('releases/development/duck-policy');
  expect(JSON.stringify(items)).not.toContain(token.token);
  expect(items.find(({ action }) => action === 'deploy.direct')?.reason).toBe('new gait');
  expect((await operator.verifyAudit()).broken).toBeUndefined();
});
