/** The agent as a component of its own: it replaces itself, and one that is no good brings the old one back. */
import { existsSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { BAD_AGENTS } from './harness/bad-agents.ts';
import { test } from './harness/fleet.ts';
import { buildPackaged, publishAgent, underLauncher } from './harness/launched-agent.ts';
import { deploy } from './harness/orders.ts';

let duck: LivingRobot;
/** The application's process: the same one throughout, or the agent's update was not the agent's business alone. */
let application: number | undefined;

const active = (): Promise<string | undefined> =>
  readlink(join(duck.root, 'components/fairlead-agent/active')).then(
    (link) => link.replace(/^releases\/(.*)-[0-9a-f]{12}$/, '$1'),
    () => undefined,
  );

test('a robot runs the agent of its package, and an application', async ({ fleet }) => {
  const packaged = await buildPackaged(fleet.folder);
  duck = await fleet.join({ name: 'duck-1' });
  await underLauncher(fleet, duck, packaged);
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
  expect((await deploy(fleet, duck, 'walking@1.0.0')).view.state).toBe('succeeded');
  application = (await duck.health())?.pid;
  expect(application).toBeGreaterThan(1);
});

test('a new agent takes over, says so, and the application never notices', async ({ fleet }) => {
  const { view } = await deploy(fleet, duck, await publishAgent(fleet, { version: '0.2.0' }));
  expect(view.state).toBe('succeeded');
  expect(await active()).toBe('0.2.0');
  await waitFor('the new agent to check in', async () => {
    const { items } = await fleet.api.listRobots();
    return items.find((it) => it.robot === 'duck-1' && it.inventory?.agentVersion === '0.2.0');
  });
  expect((await duck.health())?.pid).toBe(application);
  expect(await readdir(join(duck.root, 'launcher'))).toEqual([]);
});

test.for(BAD_AGENTS)('a new agent that %s is given up, and the old one is back', async ([, plan], { fleet }) => {
  const { view } = await deploy(fleet, duck, await publishAgent(fleet, plan));
  expect(view).toMatchObject({ state: 'rolled-back' });
  expect(view.refusal?.category).toMatch(/^(agent_did_not_start|interrupted)$/);
  expect(await active()).toBe('0.2.0');
  expect((await duck.health())?.pid).toBe(application);
  expect(await readdir(join(duck.root, 'launcher'))).toEqual([]);
});

test('a new agent whose self-test fails is refused before anything is switched', async ({ fleet }) => {
  const main = () =>
    "process.stdout.write(JSON.stringify([{check:'native database',ok:false,detail:'GLIBC_2.99'}])); process.exit(3);";
  const { view } = await deploy(fleet, duck, await publishAgent(fleet, { version: '0.3.5', main }));
  expect(view).toMatchObject({ state: 'rejected', refusal: { category: 'self_test' } });
  expect(view.refusal?.detail).toContain('native database: GLIBC_2.99');
  expect(existsSync(join(duck.root, 'launcher/trial'))).toBe(false);
});

test('an agent without a launcher does not try to replace itself', async ({ fleet }) => {
  const goose = await fleet.join({ name: 'goose-1' });
  const { view } = await deploy(fleet, goose, 'fairlead-agent@0.2.0');
  expect(view).toMatchObject({ state: 'rejected', refusal: { category: 'no_launcher' } });
});
