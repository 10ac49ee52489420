/** A person at the robot, or a script at the operator's desk, reads how the last order ended or why it does not end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { localClient } from '@fairlead/agent/local-api/local-client';
import { expect } from 'vitest';
import { agentCommand } from '../../scripts/local-fleet/agent-command.ts';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { test } from './harness/fleet.ts';
import { deploy } from './harness/orders.ts';

const agentOf = (robot: LivingRobot) => localClient(join(robot.root, 'agent.sock'));

/** What `fairlead-agent COMMAND` prints beside the running agent. */
async function printed(robot: LivingRobot, command: string): Promise<string> {
  const [main = '', ...args] = robot.agentCommand;
  const [program = '', ...first] = agentCommand(main).command;
  const child = spawn(program, [...first, ...args, command], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [out] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return out;
}

test('a robot that rolled back says so on itself with the reason and the next step, also after a restart of its agent', async ({
  fleet,
}) => {
  const duck = await fleet.join({ name: 'duck-1' });
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
  const check = { command: { run: ['node', 'check-health.mjs'], intervalSec: 1, attempts: 2, timeoutSec: 5 } };
  await publishRelease(fleet, {
    version: '2.0.0',
    policy: { seed: 2 },
    needs: 'a second camera',
    healthChecks: [check],
  });
  await deploy(fleet, duck, 'walking@1.0.0');
  expect((await deploy(fleet, duck, 'walking@2.0.0')).view.state).toBe('rolled-back');

  await duck.agent.stop();
  duck.agent = duck.start();
  const explained = await waitFor('the agent to answer', async () => {
    const answer = await agentOf(duck).explain();
    return answer.sentence.includes('walking@2.0.0') ? answer : undefined;
  });
  expect(explained.sentence).toMatch(/^duck-1 runs walking@1\.0\.0\. The last order for walking did not succeed: /);
  expect(explained.sentence).toContain('walking@2.0.0 was rolled back in probation');
  expect(explained.unblock).toBeTruthy();
  expect(await printed(duck, 'status')).toMatch(
    /^last order +walking@2\.0\.0 was rolled back in probation: .*\n +-> /m,
  );
  expect(await printed(duck, 'explain')).toContain('walking@2.0.0 was rolled back');

  const log = await readFile(duck.agent.log, 'utf8');
  for (const line of [
    'the update to walking@2.0.0 started (from 1.0.0)',
    'walking@2.0.0: smoke-test done in',
    'walking@2.0.0: roll-back done in',
  ]) {
    expect(log).toContain(line);
  }
});

test('a script that waits for a busy robot ends with exit code 6 and the program that is busy', async ({ fleet }) => {
  const duck = await fleet.join({ name: 'duck-2' });
  await deploy(fleet, duck, 'walking@1.0.0');
  await publishRelease(fleet, { version: '3.0.0', policy: { seed: 3 }, probationSec: 1 });
  await agentOf(duck).takeLease({ body: { owner: 'kitchen', reason: 'carrying a tray', ttlSec: 600 } });

  const order = ['deploy', '--robot', 'duck-2', '--release', 'walking@3.0.0'];
  const waited = await fleet.fairlead(...order, '--wait', '8s');
  expect(waited, waited.stderr).toMatchObject({ exitCode: 6 });
  expect(waited.stderr).toContain('1 of 1 robot still waiting after 8s.');
  expect(waited.stderr).toContain('carrying a tray');

  await agentOf(duck).releaseLease({ params: { owner: 'kitchen' } });
  await waitFor('the update to go on', async () => (await duck.health())?.release === 'walking@3.0.0' || undefined);
});
