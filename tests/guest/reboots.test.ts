/** `systemctl reboot` in the middle of an update: a planned end of everything, and nothing that a release did wrong. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { expect } from 'vitest';
import { type LocalFleet, publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { untilStep } from '../system/harness/on-disk.ts';
import { begin, deploy, endOf } from '../system/harness/orders.ts';
import type { Guest } from './harness/guest.ts';
import {
  addApplication,
  bringUp,
  type GuestRobot,
  install,
  lentAgent,
  UNIT,
  UNIT_CHECKS,
} from './harness/guest-robot.ts';
import { test } from './harness/guest-test.ts';

const BALLAST_BYTES = 4 * 2 ** 20;
let machine: Guest;
let robot: GuestRobot;
let published = 0;

test('a robot runs an installed agent, and an application that takes its time to stop', async ({ guest, fleet }) => {
  machine = await guest({ name: 'duck', lends: await lentAgent() });
  await addApplication(machine);
  await machine.boot();
  await install(machine);
  robot = await bringUp(machine, fleet);
  // Each step lasts long enough to be met.
  await machine.must('sh', '-c', `echo 'download: {maxKbPerSec: 2000}' >>/etc/fairlead/agent.yaml`);
  await machine.must('systemctl', 'restart', UNIT);
  const release = await publish(fleet, 0);
  expect((await deploy(fleet, machine, release)).view.state).toBe('succeeded');
  await robot.untilRunning(release);
});

/** A release that no robot has yet. */
async function publish(fleet: LocalFleet, minor: number): Promise<string> {
  const version = `1.${minor}.0`;
  const watched = { healthChecks: UNIT_CHECKS, probationSec: 3 };
  await publishRelease(fleet, {
    version,
    policy: { seed: minor },
    parkMs: 1000,
    ballast: randomBytes(BALLAST_BYTES),
    ...watched,
  });
  return `walking@${version}`;
}

test.for(['download', 'stage', 'smoke-test', 'switch', 'probation'])(
  'a robot that is rebooted in its %s boots into a verified release and ends the update well, once',
  async (step, { fleet }) => {
    const release = await publish(fleet, (published += 1));
    const order = await begin(fleet, machine, release);
    await untilStep({ name: machine.name, root: join(machine.root, 'var/lib/fairlead') }, step);
    await machine.run('systemctl', 'reboot');
    expect(await machine.untilOff()).toBe('rebooted');

    await machine.boot();
    expect((await robot.untilWell()).release).toMatch(/^walking@1\.[0-9]\.0$/);
    expect(await robot.verify()).toEqual([expect.objectContaining({ intact: true })]);
    const { view, events } = await endOf(fleet, order);
    expect(view, JSON.stringify(view.refusal)).toMatchObject({ state: 'succeeded' });
    expect(events.filter((event) => isTerminal(event.state))).toHaveLength(1);
    await robot.untilRunning(release);
  },
);
