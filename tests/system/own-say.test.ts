/** Real agents and the example clients: who is busy is not switched, a lease that outlives its owner ends by itself. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { localClient } from '@fairlead/agent/local-api/local-client';
import { expect, onTestFinished } from 'vitest';
import { freePort } from '../../scripts/local-fleet/free-port.ts';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { test } from './harness/fleet.ts';
import { begin, deploy, endOf, expectRunning } from './harness/orders.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/clients');
const CLIENTS = [
  ['Python', 'python3', join(EXAMPLES, 'python/busy_robot.py')],
  ['TypeScript', process.execPath, join(EXAMPLES, 'typescript/busy-robot.ts')],
] as const;

const agentOf = (robot: LivingRobot) => localClient(join(robot.root, 'agent.sock'));
const untilWaiting = (robot: LivingRobot, category: string): Promise<string> =>
  waitFor(`${robot.name} to wait: ${category}`, async () => {
    const { refusal, sentence } = await agentOf(robot).explain();
    return refusal?.category === category ? sentence : undefined;
  });

/** An example as its own process; `said` is what it printed so far. */
function application(program: string, args: readonly string[]) {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const said: string[] = [];
  createInterface(child.stdout).on('line', (line) => said.push(line));
  const gone = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return { child, said };
}

test.for(CLIENTS)(
  '%s: a busy robot works on, and switches when it is free and says that it is safe',
  async ([name, program, file], { fleet, skip }) => {
    skip(spawnSync(program, ['--version']).status !== 0, `${program} is not on this machine`);
    const version = name === 'Python' ? '1.0' : '2.0';
    for (const patch of [0, 1])
      await publishRelease(fleet, { version: `${version}.${patch}`, policy: { seed: patch }, probationSec: 1 });
    const port = await freePort();
    const duck = await fleet.join({
      name: `duck-${name.toLowerCase()}`,
      config: {
        preconditions: { docked: true, maxFactAgeSec: 600 },
        safeState: { url: `http://127.0.0.1:${port}/`, timeoutSec: 2 },
      },
    });
    // Nobody answers yet: that is not safe. An application comes that is not busy and says what it knows.
    const first = await begin(fleet, duck, `walking@${version}.0`);
    await untilWaiting(duck, 'fact_unknown');
    application(program, [file, join(duck.root, 'agent.sock'), '0', String(port)]);
    expect((await endOf(fleet, first)).view.state).toBe('succeeded');
    const app = application(program, [file, join(duck.root, 'agent.sock'), '3600']);
    await waitFor('it to be busy', async () => app.said.includes('busy: mapping run') || undefined);

    const update = await begin(fleet, duck, `walking@${version}.1`);
    expect(await untilWaiting(duck, 'busy_lease')).toMatch(/lease of navigation until [^ ]+: mapping run/);
    // Kept alive by its owner for longer than it was taken for, and known to the operator too.
    await new Promise((later) => setTimeout(later, 4000));
    const { sentence } = await fleet.api.explainRobot({ params: { robot: duck.name as never } });
    expect(sentence).toContain('lease of navigation until');
    await expectRunning(duck, `walking@${version}.0`);

    // The owner dies without a word: the lease outlives it by three seconds at most, and the update goes on.
    app.child.kill('SIGKILL');
    expect((await endOf(fleet, update)).view.state).toBe('succeeded');
    await expectRunning(duck, `walking@${version}.1`);
    expect((await agentOf(duck).listLeases()).leases).toEqual([]);
  },
);

test('window, precondition and lease are explained one after the other, and a lease holds through a kill of the agent', async ({
  fleet,
}) => {
  for (const version of ['3.0.0', '3.0.1'])
    await publishRelease(fleet, { version, policy: { seed: 3 }, probationSec: 1 });
  const duck = await fleet.join({ name: 'duck-own', config: { preconditions: { docked: true, maxFactAgeSec: 600 } } });
  const agent = agentOf(duck);
  await agent.postFacts({ body: { docked: true } });
  await deploy(fleet, duck, 'walking@3.0.0');
  await agent.postFacts({ body: { docked: false } });
  await agent.takeLease({ body: { owner: 'arm', reason: 'holds a cup', ttlSec: 600 } });
  const update = await begin(fleet, duck, 'walking@3.0.1');
  expect(await untilWaiting(duck, 'not_docked')).toContain('The robot is not docked');
  await agent.postFacts({ body: { docked: true } });
  expect(await untilWaiting(duck, 'busy_lease')).toContain('holds a cup');

  await duck.agent.kill();
  duck.agent = duck.start();
  await untilWaiting(duck, 'fact_unknown');
  await agent.postFacts({ body: { docked: true } });
  expect(await untilWaiting(duck, 'busy_lease')).toContain('holds a cup');
  await agent.releaseLease({ params: { owner: 'arm' } });
  expect((await endOf(fleet, update)).view.state).toBe('succeeded');
});

test('a program that asks for too long a lease, or extends one that is over, hears what to do', async ({ fleet }) => {
  const duck = await fleet.join({ name: 'duck-strict', config: { leases: { maxSec: 60 } } });
  const agent = agentOf(duck);
  const tooLong = agent.takeLease({ body: { owner: 'arm', reason: 'dances', ttlSec: 61 } });
  await expect(tooLong).rejects.toMatchObject({
    problem: { status: 400, hint: expect.stringContaining('leases.maxSec') },
  });
  const over = agent.extendLease({ params: { owner: 'arm' }, body: { ttlSec: 60 } });
  await expect(over).rejects.toMatchObject({
    problem: { status: 404, hint: expect.stringContaining('take it again') },
  });
});

test('a person on the robot is busy, sees who is, and is free again by the command line', async ({ fleet }) => {
  const duck = await fleet.join({ name: 'duck-shell' });
  const [main = '', ...args] = duck.agentCommand;
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args, 'lease', ...words], {
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  };
  expect(run('list').said).toContain('Nobody is busy');
  expect(run('take', 'ann', '--reason', 'looks at the gripper', '--for', '10m').said).toMatch(
    /^ann is busy until .*: looks at the gripper/,
  );
  expect(run('list').said).toMatch(
    /OWNER +HELD +LEFT +UNTIL +REASON\nann +\d+ s +(9|10) min \d+ s +[^ ]+Z +looks at the gripper/,
  );
  expect(run('extend', 'ann', '--for', '30m').status).toBe(0);
  expect(run('take', 'ann', '--reason', 'x', '--for', 'soon')).toMatchObject({
    status: 2,
    said: expect.stringContaining('90s, 10m or 2h'),
  });
  expect(run('release', 'ann').said).toMatch(/^ann is busy no more, after/);
  expect(run('release', 'ann')).toMatchObject({ status: 3, said: expect.stringContaining('holds no lease') });
});
