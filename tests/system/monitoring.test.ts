import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RobotId } from '@fairlead/shared/ids';
import { describe, expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { type TestFleet, test } from './harness/fleet.ts';
import { deploy, historyOf } from './harness/orders.ts';

let crashing: LivingRobot;
let steady: LivingRobot;

/** The health that the robot's last check-in showed. */
async function healthOf(fleet: TestFleet, { name }: LivingRobot) {
  const { components } = await fleet.api.showRobot({ params: { robot: name as RobotId } });
  return components.find(({ component }) => component === 'walking')?.health;
}
const untilHealth = (fleet: TestFleet, robot: LivingRobot, state: string) =>
  waitFor(
    `${robot.name} to show that it is ${state}`,
    async () => {
      const health = await healthOf(fleet, robot);
      return health?.state === state ? health : undefined;
    },
    { timeoutMs: 90_000 },
  );
async function askAgent({ agentCommand: [main = '', ...config] }: LivingRobot, command: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, command, ...config]);
  return stdout;
}
const degradations = async (fleet: TestFleet, robot: LivingRobot) =>
  (await historyOf(fleet, robot)).flatMap(({ events }) => events.filter(({ state }) => state === 'degraded'));

describe('a release that passes its probation and whose service dies again and again afterwards', () => {
  test('makes its robot degraded in its check-ins, its reports and its own words', async ({ fleet }) => {
    crashing = await fleet.join({ name: 'duck-1' });
    steady = await fleet.join({ name: 'duck-2' });
    const monitored = { probationSec: 0, healthChecks: [], more: { monitoring: { intervalSec: 5 } } };
    await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, ...monitored, crashAfterMs: 4000 });
    await publishRelease(fleet, { version: '2.0.0', policy: { seed: 2 }, ...monitored });
    expect((await deploy(fleet, steady, 'walking@2.0.0')).view.state).toBe('succeeded');
    expect((await deploy(fleet, crashing, 'walking@1.0.0')).view.state).toMatch(/^(succeeded|degraded)$/);

    const health = await untilHealth(fleet, crashing, 'degraded');
    expect(health.refusal).toMatchObject({ phase: 'monitor', element: 'walking', category: 'service_restarts' });
    await waitFor('the report to arrive', async () => (await degradations(fleet, crashing))[0]);
    expect(await askAgent(crashing, 'status')).toMatch(/health +degraded since .* restarted more than once/);
    expect(await askAgent(crashing, 'explain')).toMatch(/walking@1\.0\.0, which is degraded since/);
  });

  test('is still degraded since the same moment after kill -9 of the agent, and is reported once', async ({
    fleet,
  }) => {
    const before = await healthOf(fleet, crashing);
    await crashing.agent.kill();
    crashing.agent = crashing.start();
    const lastSeen = async () => (await fleet.api.showRobot({ params: { robot: 'duck-1' as RobotId } })).lastSeen ?? '';
    const killedAt = await lastSeen();
    await waitFor('a check-in of the next agent', async () => (await lastSeen()) > killedAt || undefined);
    expect(await healthOf(fleet, crashing)).toEqual(before);
    expect(await degradations(fleet, crashing)).toHaveLength(1);
  });

  test('stays until a person decides: the robot does not go back by itself', async ({ fleet }) => {
    const { components } = await fleet.api.showRobot({ params: { robot: 'duck-1' as RobotId } });
    expect(components[0]?.active?.version).toBe('1.0.0');
  });

  test('is healthy again with a release that works, ordered by the server', async ({ fleet }) => {
    expect((await deploy(fleet, crashing, 'walking@2.0.0')).view.state).toBe('succeeded');
    await untilHealth(fleet, crashing, 'healthy');
  });

  test('and a robot whose service runs is healthy all the time', async ({ fleet }) => {
    expect(await healthOf(fleet, steady)).toMatchObject({ state: 'healthy' });
    expect(await degradations(fleet, steady)).toEqual([]);
  });
});
