/** The Debian package in a Debian: installed, at work, upgraded, removed and purged, while the application runs on. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { untilStep } from '../system/harness/on-disk.ts';
import { begin, deploy, endOf } from '../system/harness/orders.ts';
import { PACKAGED_VERSION } from './harness/built-agent.ts';
import { everythingIn, type Guest } from './harness/guest.ts';
import {
  APPLICATION,
  addApplication,
  bringUp,
  type GuestRobot,
  install,
  lentAgent,
  UNIT,
  UNIT_CHECKS,
} from './harness/guest-robot.ts';
import { test } from './harness/guest-test.ts';

const NEXT = '0.9.0';
let machine: Guest;
let robot: GuestRobot;
let application: number | undefined;
let before: ReadonlySet<string>;

test('the package installs itself, and says what to do next', async ({ guest }) => {
  machine = await guest({ name: 'duck', lends: await lentAgent(NEXT) });
  await addApplication(machine);
  await machine.boot();
  await machine.must('systemctl', 'enable', '--quiet', APPLICATION);
  before = await everythingIn(machine);
  const said = await install(machine);
  expect(said).toContain(`fairlead-agent ${PACKAGED_VERSION} is installed`);
  expect(said).toContain('fairlead-agent enroll --server URL');
  expect(said).toContain('/etc/fairlead/services.allow');
  // Nobody has said which fleet it belongs to: it is not started, and that is no failure.
  expect(await machine.show(UNIT, 'ActiveState', 'UnitFileState')).toEqual({
    ActiveState: 'inactive',
    UnitFileState: 'enabled',
  });
  expect((await machine.run('systemctl', 'is-system-running')).stdout.trim()).toBe('running');
});

test('an installed agent enrolls, is accepted, and updates a component whose service is a unit', async ({ fleet }) => {
  const checks = { healthChecks: UNIT_CHECKS, probationSec: 1 };
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, ...checks });
  await publishRelease(fleet, { version: '1.1.0', policy: { seed: 2 }, ...checks });
  robot = await bringUp(machine, fleet);
  for (const release of ['walking@1.0.0', 'walking@1.1.0']) {
    expect((await deploy(fleet, machine, release)).view).toMatchObject({ state: 'succeeded' });
    await robot.untilRunning(release);
  }
  application = (await robot.untilWell()).pid;
  expect(await robot.verify()).toEqual([{ component: 'walking', version: '1.1.0', intact: true }]);
});

test('the next package replaces the agent, and the application never stops', async ({ fleet }) => {
  let missed = 0;
  let asked = 0;
  const watch = new AbortController();
  const watching = (async () => {
    for (; !watch.signal.aborted; asked += 1) {
      if ((await robot.health())?.pid !== application) missed += 1;
      await pause(20);
    }
  })();
  await install(machine, NEXT);
  await waitFor('the next agent to check in', async () => {
    const { items } = await fleet.api.listRobots();
    return items.find((it) => it.robot === 'duck' && it.inventory?.agentVersion === NEXT);
  });
  watch.abort();
  await watching;
  expect({ missed }).toEqual({ missed: 0 });
  expect(asked).toBeGreaterThan(20);
  expect((await deploy(fleet, machine, 'walking@1.0.0')).view.state).toBe('succeeded');
  application = (await robot.untilRunning('walking@1.0.0')).pid;
});

test('a package that is installed in the middle of an update does not end it', async ({ fleet }) => {
  await publishRelease(fleet, { version: '1.2.0', policy: { seed: 3 }, healthChecks: UNIT_CHECKS, probationSec: 4 });
  const order = await begin(fleet, machine, 'walking@1.2.0');
  await untilStep({ name: machine.name, root: join(machine.root, 'var/lib/fairlead') }, 'probation');
  await install(machine, NEXT);
  // It was stopped in order, and not killed after its time was up.
  expect(await machine.journal(UNIT)).not.toContain('timed out');
  const { view } = await endOf(fleet, order);
  expect(view, JSON.stringify(view.refusal)).toMatchObject({ state: 'succeeded' });
  application = (await robot.untilRunning('walking@1.2.0')).pid;
});

test('a removed agent leaves the robot at work, with its releases and its identity', async () => {
  await machine.must('dpkg', '--remove', 'fairlead-agent');
  expect((await robot.untilWell()).pid).toBe(application);
  expect((await machine.run('pgrep', '--full', '/usr/lib/fairlead/')).stdout).toBe('');
  await machine.must('test', '-s', '/var/lib/fairlead/identity/robot.json');
  await machine.must('test', '-s', '/etc/fairlead/agent.yaml');
});

test('a package that comes again takes up where it was', async ({ fleet }) => {
  await install(machine, NEXT);
  await waitFor(
    'the agent to be back',
    async () => (await machine.show(UNIT, 'ActiveState')).ActiveState === 'active' || undefined,
  );
  expect((await deploy(fleet, machine, 'walking@1.1.0')).view.state).toBe('succeeded');
});

test('a purged agent leaves nothing behind: no file, no user, no unit', async () => {
  await machine.must('systemctl', 'stop', APPLICATION);
  await machine.must('dpkg', '--purge', 'fairlead-agent');
  const left = [...(await everythingIn(machine))].filter((path) => !before.has(path));
  expect(left).toEqual([]);
  expect((await machine.run('getent', 'passwd', 'fairlead')).exitCode).not.toBe(0);
  expect((await machine.run('getent', 'group', 'fairlead')).exitCode).not.toBe(0);
  const units = await machine.must('systemctl', 'list-units', '--all', '--no-legend', '--plain', 'fairlead*');
  expect(units.trim()).toBe('');
  expect((await machine.show(UNIT, 'LoadState')).LoadState).toBe('not-found');
});
