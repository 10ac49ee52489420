/** Units as robots have them: slow ones, some that run once, masked and broken ones; and checks that look around. */
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { deploy } from '../system/harness/orders.ts';
import type { Guest } from './harness/guest.ts';
import {
  APPLICATION,
  addApplication,
  bringUp,
  type GuestRobot,
  install,
  lentAgent,
  UNIT_CHECKS,
} from './harness/guest-robot.ts';
import { test } from './harness/guest-test.ts';

/** Runs once, for longer than the helper waits. */
const CALIBRATE = '[Service]\nType=oneshot\nExecStart=/bin/sleep 6\n';
/** The helper of an older package gave up after 150 s. */
const IMPATIENT = '[Service]\nRuntimeMaxSec=2\n';

let machine: Guest;
let robot: GuestRobot;
const checks = { healthChecks: UNIT_CHECKS, probationSec: 1 };
/** Fails where the program sees what belongs to the agent. */
const lookAround = (...script: readonly string[]) => ({
  command: { run: ['sh', '-c', script.join(' && ')], intervalSec: 1, attempts: 2 },
});

test('a unit that starts slowly and then ends is up, also where the helper did not wait for it', async ({
  guest,
  fleet,
}) => {
  machine = await guest({ name: 'duck', lends: await lentAgent() });
  await addApplication(machine);
  await machine.write('/etc/systemd/system/calibrate.service', CALIBRATE);
  await machine.write('/etc/systemd/system/fairlead-services@.service.d/impatient.conf', IMPATIENT);
  await machine.boot();
  await install(machine);
  robot = await bringUp(machine, fleet);
  await machine.write('/etc/fairlead/services.allow', `# units of this duck\n${APPLICATION}  \ncalibrate\n`);
  await publishRelease(fleet, {
    version: '1.0.0',
    policy: { seed: 1 },
    services: ['calibrate', APPLICATION],
    ...checks,
  });
  const { view } = await deploy(fleet, machine, 'walking@1.0.0');
  expect(view, JSON.stringify(view.refusal)).toMatchObject({ state: 'succeeded' });
  await robot.untilRunning('walking@1.0.0');
});

test('a health check of a release sees no key, no memory and no environment of the agent', async ({ fleet }) => {
  const agent = (await machine.show('fairlead-agent', 'MainPID')).MainPID;
  const inIt = lookAround(
    '! cat /var/lib/fairlead/identity/robot.key',
    '! ls /var/lib/fairlead/trust',
    '! cat /etc/fairlead/agent.yaml',
    `! cat /proc/${agent}/environ`,
    '! touch /var/lib/fairlead/components/walking/releases/x',
    '[ -z "$FAIRLEAD_ROOT$NODE_OPTIONS" ]',
    'cat /var/lib/fairlead/components/walking/active/app.mjs',
  );
  await publishRelease(fleet, {
    version: '1.1.0',
    policy: { seed: 2 },
    probationSec: 1,
    healthChecks: [...UNIT_CHECKS, inIt],
  });
  const { view } = await deploy(fleet, machine, 'walking@1.1.0');
  expect(view, JSON.stringify(view.refusal)).toMatchObject({ state: 'succeeded' });
});

test('a masked unit, and one that systemd can’t load, are found before anything stops', async ({ fleet }) => {
  const { pid } = await robot.untilRunning('walking@1.1.0');
  await machine.write('/etc/systemd/system/calibrate.service', '[Service]\nType=simple\n');
  await machine.must('systemctl', 'daemon-reload');
  await publishRelease(fleet, {
    version: '1.2.0',
    policy: { seed: 1 },
    services: ['calibrate', APPLICATION],
    ...checks,
  });
  const broken = await deploy(fleet, machine, 'walking@1.2.0');
  expect(broken.view).toMatchObject({ state: 'rejected', refusal: { category: 'bad_unit' } });

  await machine.must('sh', '-c', `mv /etc/systemd/system/${APPLICATION}.service /lib/systemd/system/`);
  await machine.must('systemctl', 'mask', APPLICATION);
  await publishRelease(fleet, { version: '1.3.0', policy: { seed: 1 }, ...checks });
  const masked = await deploy(fleet, machine, 'walking@1.3.0');
  expect(masked.view).toMatchObject({ state: 'rejected', refusal: { category: 'service_masked' } });
  expect(masked.view.refusal?.hint).toContain('systemctl unmask');
  expect((await robot.untilWell()).pid).toBe(pid);
});
