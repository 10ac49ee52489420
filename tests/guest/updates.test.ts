/** A robot with a real systemd, from its first boot to a release that crashes: units are stopped, started and watched. */
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { deploy } from '../system/harness/orders.ts';
import {
  addAgent,
  addApplication,
  lentAgent,
  robotIn,
  UNIT_CHECKS,
  untilOnline,
  writeConfig,
} from './harness/guest-robot.ts';
import { test } from './harness/guest-test.ts';

test('a robot updates a component whose service is a unit, and one that crashes again and again goes back', async ({
  guest,
  fleet,
}) => {
  const machine = await guest({ name: 'duck', lends: await lentAgent() });
  await addApplication(machine);
  await addAgent(machine);
  await writeConfig(machine, fleet);
  const policy = { seed: 1 };
  await publishRelease(fleet, { version: '1.0.0', policy, healthChecks: UNIT_CHECKS });
  await publishRelease(fleet, { version: '1.1.0', policy, healthChecks: UNIT_CHECKS });
  await publishRelease(fleet, {
    version: '1.2.0',
    policy,
    healthChecks: UNIT_CHECKS,
    crashAfterMs: 300,
    probationSec: 5,
  });
  await machine.boot();
  await machine.must('systemctl', 'enable', '--now', 'walking', 'fairlead-agent');
  await untilOnline(fleet, 'duck');
  const robot = robotIn(machine);
  expect((await deploy(fleet, machine, 'walking@1.0.0')).view.state).toBe('succeeded');
  await robot.untilRunning('walking@1.0.0');
  expect((await deploy(fleet, machine, 'walking@1.1.0')).view.state).toBe('succeeded');
  await robot.untilRunning('walking@1.1.0');

  const ended = await deploy(fleet, machine, 'walking@1.2.0');
  expect(ended.view.state).toBe('rolled-back');
  await robot.untilRunning('walking@1.1.0');
  expect(await robot.verify()).toEqual([expect.objectContaining({ version: '1.1.0', intact: true })]);
});
