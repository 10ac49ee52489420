/** One control plane for the tests of a file, and robots to which things happen. */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AgentStatus } from '@fairlead/agent/local-api/local-api';
import type { RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { expect, test as plain } from 'vitest';
import {
  addRobot,
  type LocalFleet,
  type NewRobot,
  openFleet,
  publishRelease,
} from '../../../scripts/local-fleet/local-fleet.ts';
import { createProcesses } from '../../../scripts/local-fleet/processes.ts';
import type { LivingRobot } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { deploy } from '../../system/harness/orders.ts';
import { builtAgent } from './built-agent.ts';

process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../../node_modules/.cache/system-tests');

export interface FaultyFleet extends LocalFleet {
  /** A robot that runs walking@1.0.0, unless it is asked to stay bare. */
  join(robot: NewRobot & { readonly bare?: boolean }): Promise<LivingRobot>;
}

export const test = plain.extend<{ fleet: FaultyFleet }>({
  fleet: [
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'fairlead-faults-'));
      const processes = createProcesses(join(folder, 'logs'));
      try {
        const [fleet, main] = await Promise.all([openFleet(folder, processes), builtAgent()]);
        for (const [seed, version] of ['1.0.0', '2.0.0', '3.0.0'].entries()) {
          await publishRelease(fleet, { version, policy: { seed: seed + 1 }, probationSec: 1 });
        }
        await use(Object.assign(fleet, { join: (robot: NewRobot) => join1(fleet, { main, ...robot }) }));
      } finally {
        await processes.stopAll();
      }
      if (process.env['KEEP_FLEETS']) process.stdout.write(`kept: ${folder}\n`);
      else await removeTree(folder);
    },
    { scope: 'file' },
  ],
});

async function join1(
  fleet: LocalFleet,
  { bare = false, ...robot }: NewRobot & { bare?: boolean },
): Promise<LivingRobot> {
  const joined = await addRobot(fleet, robot);
  if (bare) return joined;
  await untilOnline(fleet, joined);
  expect((await deploy(fleet, joined, 'walking@1.0.0')).view.state).toBe('succeeded');
  return joined;
}

export const untilOnline = (fleet: LocalFleet, { name }: LivingRobot) =>
  waitFor(`${name} to be online`, async () => {
    const { items } = await fleet.api.listRobots();
    return items.find((it) => it.robot === name && it.presence === 'online');
  });

/** What `fairlead-agent COMMAND --json` prints on the robot. */
export async function askRobot(robot: LivingRobot, ...command: readonly string[]): Promise<unknown> {
  const args = [...robot.agentCommand, '--json', ...command];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  return JSON.parse(stdout);
}

export async function statusOf(robot: LivingRobot): Promise<AgentStatus> {
  const status = parse(AgentStatus, await askRobot(robot, 'status'));
  if (!status.ok) throw new Error(status.refused.map(({ at, message }) => `${at} ${message}`).join('; '));
  return status.value;
}

/** Waits until the robot itself names a trouble of this kind, and tells all that it names. */
export const untilTroubled = (robot: LivingRobot, category: string) =>
  waitFor(
    `${robot.name} to tell of ${category}`,
    async () => {
      const { troubles, activity } = await statusOf(robot);
      const told = [...troubles, ...(activity.refusal ? [activity.refusal] : [])];
      return told.find((trouble) => trouble.category === category);
    },
    { everyMs: 250 },
  );

/** Waits until the control plane can explain the robot by this. */
export const untilExplained = (fleet: LocalFleet, { name }: LivingRobot, category: string) =>
  waitFor(`the server to explain ${name} by ${category}`, async () => {
    const explanation = await fleet.api.explainRobot({ params: { robot: name as RobotId } });
    return explanation.refusal?.category === category ? explanation : undefined;
  });

/** The agent ends in order and is started again, as its service manager would. */
export async function restart(robot: LivingRobot, between: () => unknown = () => undefined): Promise<void> {
  await robot.agent.stop();
  await between();
  robot.agent = robot.start();
}

/** Whatever was done to it: its agent is the one that was started, and its application answers as `release`. */
export async function expectUp(robot: LivingRobot, release: string): Promise<void> {
  const health = await waitFor(`${robot.name} to run ${release}`, async () => {
    const said = await robot.health();
    return said?.release === release ? said : undefined;
  });
  expect(health.ok).toBe(true);
  expect(robot.agent.alive()).toBe(true);
}
