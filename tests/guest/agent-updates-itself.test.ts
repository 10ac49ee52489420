/**
 * The agent's own update where it counts: under its unit, as its user, watched by systemd. One that is no good is given up with the
 * cable pulled and nobody near, and the robot's application never notices.
 */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { BAD_AGENTS, SELF_TEST } from '../system/harness/bad-agents.ts';
import { type AgentRelease, publishAgent } from '../system/harness/launched-agent.ts';
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

/** Less patience than on a real robot, where a start may take a minute and a trial eleven. */
const IMPATIENT = `[Service]
TimeoutStartSec=8
WatchdogSec=5
Environment=FAIRLEAD_TRIAL_SLACK=10
`;
const GOOD = '0.2.0';
const PATIENCE_MS = 90_000;

const WITH_SYSTEMD: readonly (readonly [string, AgentRelease])[] = [
  ...BAD_AGENTS,
  [
    'feeds the watchdog and never commits',
    {
      version: '0.4.0',
      main: () =>
        `${SELF_TEST} import { writeSync } from 'node:fs'; const tell = (line) => writeSync(Number(process.env.FAIRLEAD_NOTIFY_FD), line); tell('READY=1'); setInterval(() => tell('WATCHDOG=1'), 500);`,
    },
  ],
];

let machine: Guest;
let robot: GuestRobot;
let application: number | undefined;

const active = async (): Promise<string> => {
  const link = await readlink(join(machine.root, 'var/lib/fairlead/components/fairlead-agent/active'));
  return link.replace(/^releases\/(.*)-[0-9a-f]{12}$/, '$1');
};
/** Where systemd's main process of the agent has its program from. */
const running = async (): Promise<string> => {
  const { MainPID, ActiveState } = await machine.show(UNIT, 'MainPID', 'ActiveState');
  if (ActiveState !== 'active') return ActiveState;
  return (await machine.must('cat', `/proc/${MainPID}/cmdline`)).replaceAll('\0', ' ');
};

test('a robot runs the agent of its package, and an application', async ({ guest, fleet }) => {
  machine = await guest({ name: 'duck', lends: await lentAgent() });
  await addApplication(machine);
  await machine.write(`/etc/systemd/system/${UNIT}.service.d/impatient.conf`, IMPATIENT);
  await machine.boot();
  await install(machine);
  robot = await bringUp(machine, fleet);
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, healthChecks: UNIT_CHECKS, probationSec: 1 });
  expect((await deploy(fleet, machine, 'walking@1.0.0')).view.state).toBe('succeeded');
  application = (await robot.untilRunning('walking@1.0.0')).pid;
  expect(await running()).toContain('/usr/lib/fairlead/agent/lib/main.js');
});

test('a new agent takes over under the same unit and user, and the application never notices', async ({ fleet }) => {
  const { view } = await deploy(fleet, machine, await publishAgent(fleet, { version: GOOD }));
  expect(view, JSON.stringify(view.refusal)).toMatchObject({ state: 'succeeded' });
  expect(await active()).toBe(GOOD);
  expect(await running()).toContain(`/components/fairlead-agent/releases/${GOOD}-`);
  expect(await robot.verify()).toContainEqual({ component: 'fairlead-agent', version: GOOD, intact: true });
  expect((await robot.untilWell()).pid).toBe(application);
});

test.for(WITH_SYSTEMD)(
  'a new agent that %s is given up without network or person, and the old one is back',
  async ([, plan], { fleet }) => {
    const order = await begin(fleet, machine, await publishAgent(fleet, plan));
    await untilStep({ name: machine.name, root: join(machine.root, 'var/lib/fairlead') }, 'probation');
    await machine.cable.pull();
    await waitFor(
      'the old agent to be back',
      async () => ((await active()) === GOOD && (await running()).includes(`/${GOOD}-`)) || undefined,
      { timeoutMs: PATIENCE_MS },
    );
    await machine.cable.putBack();
    expect((await robot.untilWell()).pid).toBe(application);
    const { view } = await endOf(fleet, order, PATIENCE_MS);
    expect(view).toMatchObject({ state: 'rolled-back', refusal: { component: 'fairlead-agent' } });
    expect(view.refusal?.category).toMatch(/^(agent_did_not_start|interrupted)$/);
  },
);

test.for([
  [
    '0.5.0',
    'rebooted',
    async () => {
      await machine.run('systemctl', 'reboot');
      expect(await machine.untilOff()).toBe('rebooted');
    },
  ],
  ['0.5.1', 'robbed of its power', () => machine.cutPower()],
] as const)(
  'a robot that takes %s of its agent and is %s in the trial goes on with the trial',
  async ([version, , end], { fleet }) => {
    const order = await begin(fleet, machine, await publishAgent(fleet, { version, probationSec: 4 }));
    await untilStep({ name: machine.name, root: join(machine.root, 'var/lib/fairlead') }, 'probation');
    await end();
    await machine.boot();
    expect((await robot.untilWell()).release).toBe('walking@1.0.0');
    const { view } = await endOf(fleet, order, PATIENCE_MS);
    expect(view, JSON.stringify(view.refusal)).toMatchObject({ state: 'succeeded' });
    expect(await active()).toBe(version);
    expect(await running()).toContain(`/${version}-`);
  },
);

test('an agent that came back after all that still updates the application', async ({ fleet }) => {
  await publishRelease(fleet, { version: '1.1.0', policy: { seed: 2 }, healthChecks: UNIT_CHECKS, probationSec: 1 });
  expect((await deploy(fleet, machine, 'walking@1.1.0')).view.state).toBe('succeeded');
  await robot.untilRunning('walking@1.1.0');
});
