import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from '@fairlead/shared/parse';
import { Type } from 'typebox';
import { expect } from 'vitest';
import { succeed } from '../../scripts/local-fleet/fairlead.ts';
import { addRobot, publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { test } from './harness/fleet.ts';
import { deploy, expectRunning } from './harness/orders.ts';

const AGENT = fileURLToPath(import.meta.resolve('@fairlead/agent/main'));

test('a robot without a token waits as pending, gets nothing, and works once it is accepted', async ({ fleet }) => {
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
  const duck = await addRobot(fleet, { name: 'duck-9', token: false });
  const pending = await waitFor('the robot to introduce itself', async () => {
    const { items } = await fleet.api.listRobots({ query: { lifecycle: 'pending' } });
    return items[0];
  });
  expect(pending).toMatchObject({ robot: 'duck-9', environment: 'production' });

  const refused = await fleet.fairlead('deploy', '--robot', 'duck-9', '--release', 'walking@1.0.0');
  expect(refused.exitCode).toBe(3);

  const wrong = await fleet.fairlead('robot', 'accept', 'duck-9', '--fingerprint', 'ab'.repeat(32));
  expect(wrong.exitCode).not.toBe(0);
  const right = await fleet.fairlead('robot', 'accept', 'duck-9', '--fingerprint', pending.keyFingerprint);
  expect(right).toMatchObject({ exitCode: 0 });

  expect((await deploy(fleet, duck, 'walking@1.0.0')).view.state).toBe('succeeded');
  await expectRunning(duck, 'walking@1.0.0');
});

test('the command line that robot token prints is all a new robot needs', async ({ fleet }) => {
  const folder = join(fleet.folder, 'robots', 'duck-7');
  const made = await succeed(fleet.fairlead, 'robot', 'token', '--environment', 'production', '--robot', 'duck-7');
  const printed = parse(Type.Object({ command: Type.String({ pattern: '^fairlead-agent enroll ' }) }), made);
  if (!printed.ok) throw new Error(JSON.stringify(made));
  const words = printed.value.command.split(' ').slice(1);
  const here = ['--config', join(folder, 'agent.yaml'), '--root', join(folder, 'root')];
  const { stdout } = await promisify(execFile)(process.execPath, [AGENT, ...words, ...here]);
  expect(stdout).toContain(`duck-7 is accepted at ${fleet.controlPlane.url}.`);
  const { items } = await fleet.api.listRobots({ query: { selector: 'robot=duck-7' } });
  expect(items).toMatchObject([{ robot: 'duck-7', lifecycle: 'accepted', environment: 'production' }]);
});

test('a robot that was rejected never runs anything', async ({ fleet }) => {
  await addRobot(fleet, { name: 'stranger', token: false });
  await waitFor('the stranger to introduce itself', async () => {
    const { items } = await fleet.api.listRobots({ query: { lifecycle: 'pending' } });
    return items[0];
  });
  expect((await fleet.fairlead('robot', 'reject', 'stranger')).exitCode).toBe(0);
  const { exitCode } = await fleet.fairlead('deploy', '--robot', 'stranger', '--release', 'walking@1.0.0');
  expect(exitCode).toBe(3);
});
