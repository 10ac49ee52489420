/** The agent as a service of a real systemd: watched, fenced in, and brought back, while the robot's application runs on. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { deploy } from '../system/harness/orders.ts';
import type { Guest } from './harness/guest.ts';
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

/** What `systemd-analyze security` may say at most, of 10; 0 is a unit that can do nothing. */
const MOST_EXPOSURE = 2;

/** An hour passes for the loops, or memory leaks: what no test can wait for, and a robot one day does. */
const TROUBLE = `
import { existsSync, rmSync } from 'node:fs';
const now = performance.now.bind(performance);
performance.now = () => now() + (existsSync('/run/fairlead/an-hour-later') ? 3_600_000 : 0);
const leaked = [];
setInterval(() => {
  if (leaked.length === 0 && !existsSync('/run/fairlead/leak')) return;
  rmSync('/run/fairlead/leak', { force: true });
  leaked.push(Buffer.alloc(2 ** 24, 1));
}, 20).unref();
`;
const TROUBLED = `[Service]
Environment=NODE_OPTIONS=--import=/etc/trouble.mjs
WatchdogSec=3
MemoryMax=400M
`;
const OTHER = '[Service]\nExecStart=/bin/sleep infinity\n';

let machine: Guest;
let robot: GuestRobot;
let application: number | undefined;
const checks = { healthChecks: UNIT_CHECKS, probationSec: 1 };

/** The agent came back as another process since \`pid\` ran, and the application never went away. */
async function untilBack(pid: string): Promise<void> {
  await waitFor('the agent to be back', async () => {
    const { MainPID, ActiveState } = await machine.show(UNIT, 'MainPID', 'ActiveState');
    return (ActiveState === 'active' && MainPID !== pid) || undefined;
  });
  expect((await robot.untilWell()).pid).toBe(application);
}
const agentPid = async (): Promise<string> => (await machine.show(UNIT, 'MainPID')).MainPID;

test('a robot runs an installed agent, and an application', async ({ guest, fleet }) => {
  machine = await guest({ name: 'duck', lends: await lentAgent() });
  await addApplication(machine);
  await machine.write('/etc/trouble.mjs', TROUBLE);
  await machine.write(`/etc/systemd/system/${UNIT}.service.d/trouble.conf`, TROUBLED);
  await machine.write('/etc/systemd/system/other.service', OTHER);
  await machine.boot();
  await machine.must('systemctl', 'start', 'other');
  await install(machine);
  robot = await bringUp(machine, fleet);
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, ...checks });
  expect((await deploy(fleet, machine, 'walking@1.0.0')).view.state).toBe('succeeded');
  application = (await robot.untilRunning('walking@1.0.0')).pid;
});

test('the agent is a user of its own without any capability, in a fence', async () => {
  const status = await machine.must('cat', `/proc/${await agentPid()}/status`);
  const own = (await machine.must('id', '--user', 'fairlead')).trim();
  expect(status).toMatch(new RegExp(`^Uid:\\t${own}\\t${own}\\t${own}\\t${own}$`, 'm'));
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    expect(status).toMatch(`${set}:\t0000000000000000`);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  const said = await machine.must('systemd-analyze', 'security', UNIT, '--no-pager');
  const exposure = Number(/Overall exposure level for fairlead-agent.service: ([0-9.]+)/.exec(said)?.[1]);
  console.log(`systemd-analyze security fairlead-agent: ${exposure} of 10 (at most ${MOST_EXPOSURE})`);
  expect(exposure).toBeLessThan(MOST_EXPOSURE);
});

test('in its fence a model is loaded and tested: one that answers nonsense is refused', async ({ fleet }) => {
  await publishRelease(fleet, { version: '1.0.1', policy: { seed: 1, poison: 'nan' }, ...checks }, [
    '--skip-smoke-tests',
  ]);
  const { view } = await deploy(fleet, machine, 'walking@1.0.1');
  expect(view).toMatchObject({ state: 'rejected', refusal: { phase: 'smoke-test' } });
  expect((await robot.untilWell()).pid).toBe(application);
});

test('the agent is active only when its loops turn', async () => {
  await machine.must('systemctl', 'restart', '--no-block', UNIT);
  const before = await agentPid();
  const pid = await waitFor(
    'the next agent to start',
    async () => {
      const { MainPID, ActiveState } = await machine.show(UNIT, 'MainPID', 'ActiveState');
      return MainPID !== before && MainPID !== '0' && ActiveState === 'activating' ? MainPID : undefined;
    },
    { everyMs: 5 },
  );
  await machine.must('kill', '-STOP', pid);
  await pause(1500);
  expect((await machine.show(UNIT, 'ActiveState')).ActiveState).toBe('activating');
  await machine.must('kill', '-CONT', pid);
  await untilBack(before);
  expect(await agentPid()).toBe(pid);
});

test('an agent that stands still is killed by the watchdog, and is back', async () => {
  const pid = await agentPid();
  await machine.must('kill', '-STOP', pid);
  await untilBack(pid);
  expect(await machine.journal(UNIT)).toContain('Watchdog timeout');
});

test('an agent whose loop hangs is killed, though its process and its timers live', async () => {
  const pid = await agentPid();
  const timeouts = (await machine.journal(UNIT)).split('Watchdog timeout').length;
  // A check-in is on its way and nothing ever comes back.
  await machine.cable.pull();
  await pause(1000);
  expect(await agentPid()).toBe(pid);
  await machine.must('touch', '/run/fairlead/an-hour-later');
  await waitFor('the watchdog to bite', async () => (await agentPid()) !== pid || undefined);
  expect((await machine.journal(UNIT)).split('Watchdog timeout')).toHaveLength(timeouts + 1);
  await machine.cable.putBack();
  await untilBack(pid);
});

test('an agent that leaks memory is killed at its limit and is back, and nobody else suffers', async () => {
  const pid = await agentPid();
  await machine.must('touch', '/run/fairlead/leak');
  await untilBack(pid);
  expect(await machine.journal(UNIT)).toContain('status=9/KILL');
});

test('a release that names a unit which the robot does not allow is refused, and the unit is left alone', async ({
  fleet,
}) => {
  const invocation = await machine.show('other', 'InvocationID', 'ActiveState');
  expect(invocation.ActiveState).toBe('active');
  await publishRelease(fleet, { version: '1.1.0', policy: { seed: 1 }, services: ['other', APPLICATION], ...checks });
  const { view } = await deploy(fleet, machine, 'walking@1.1.0');
  expect(view).toMatchObject({
    state: 'rejected',
    refusal: { category: 'service_not_allowed', element: 'other.service' },
  });
  expect(view.refusal?.hint).toContain('/etc/fairlead/services.allow');
  // Nothing was stopped to find that out.
  expect((await robot.untilWell()).pid).toBe(application);

  // Not by asking in other words either, nor by going round the helper.
  const asked = ['stop other.service', 'mask walking.service', 'stop walking.service other.service', 'stop ../other'];
  for (const line of [...asked, 'stop -H', 'restart walking.service', 'stop walking.service\nstop other.service', '']) {
    expect(await askHelper(line), line).toContain('not-allowed');
  }
  const direct = await machine.run(...AS_AGENT, 'systemctl', '--no-ask-password', 'stop', 'other.service');
  expect(direct.exitCode).not.toBe(0);
  expect(await machine.show('other', 'InvocationID', 'ActiveState')).toEqual(invocation);
  expect((await robot.untilWell()).pid).toBe(application);
});

const AS_AGENT = ['setpriv', '--reuid=fairlead', '--regid=fairlead', '--clear-groups'];
const ASK = `require('node:net').connect('/run/fairlead-services.sock', function () { this.end(process.argv[1]); }).pipe(process.stdout)`;
const askHelper = (line: string): Promise<string> => machine.must(...AS_AGENT, 'node', '-e', ASK, '--', line);

test('a release that crashes again and again is found by its restarts and rolled back', async ({ fleet }) => {
  await publishRelease(fleet, {
    version: '1.2.0',
    policy: { seed: 2 },
    crashAfterMs: 700,
    probationSec: 20,
    healthChecks: [{ systemd: { unit: APPLICATION, maxRestarts: 1 } }],
  });
  const { view } = await deploy(fleet, machine, 'walking@1.2.0');
  expect(view).toMatchObject({ state: 'rolled-back', refusal: { phase: 'probation' } });
  expect(view.refusal?.detail).toMatch(/restarts, 1 allowed/);
  await robot.untilRunning('walking@1.0.0');
  expect(await robot.verify()).toEqual([expect.objectContaining({ version: '1.0.0', intact: true })]);
});
