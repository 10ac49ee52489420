/**
 * What an update costs the robot's application: the time from its order to the switch, and how long nobody answers,
 * each time beside a bare restart of the same program with nothing in between.
 */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { order, untilEnded } from '../../local-fleet/deploy.ts';
import { addRobot, type LocalFleet, publishRelease } from '../../local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../local-fleet/robot-process.ts';
import { COMPONENT } from '../../local-fleet/write-release.ts';
import { type BareService, startBareService } from './bare-service.ts';
import { type Downtime, downtimeOf } from './downtime.ts';
import { type MemoryMb, memoryOf } from './process-cost.ts';

export interface Round {
  /** From the operator's order to the renamed link, milliseconds: download, checks, smoke test and all. */
  readonly toSwitchMs: number;
  readonly update: Downtime;
  readonly bareRestart: Downtime;
  /** Of the agent, when the update was over. */
  readonly memory: MemoryMb;
}

/** `bare`: default, the same program without a service manager. */
export async function measureSwitching(
  fleet: LocalFleet,
  rounds: number,
  bare?: BareService,
): Promise<readonly Round[]> {
  const robot = await addRobot(fleet, { name: 'switching-1' });
  const url = `http://127.0.0.1:${robot.env['ROBOT_PORT']}`;
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 } });
  await update(fleet, robot, '1.0.0');
  const service = bare ?? (await startBareService(join(robot.root, 'components', COMPONENT, 'active')));
  const measured: Round[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const version = `1.0.${round}`;
      await publishRelease(fleet, { version, policy: { seed: round + 1 } });
      let toSwitchMs = 0;
      const switched = await downtimeOf(url, async () => {
        toSwitchMs = await update(fleet, robot, version);
      });
      const bareRestart = await downtimeOf(service.url, () => service.restart());
      measured.push({ toSwitchMs, update: switched, bareRestart, memory: await memoryOf(robot.agent.pid) });
    }
  } finally {
    await service.stop();
  }
  return measured;
}

/** Deploys; resolves after the update's end, to the milliseconds until the link had moved. */
async function update(fleet: LocalFleet, robot: LivingRobot, version: string): Promise<number> {
  const active = join(robot.root, 'components', COMPONENT, 'active');
  const ordered = performance.now();
  const deployments = await order(fleet, 'deploy', '--robot', robot.name, '--release', `${COMPONENT}@${version}`);
  const ended = untilEnded(fleet, deployments);
  while (!(await readlink(active).catch(() => '')).includes(`/${version}-`)) await sleep(2);
  const switched = performance.now();
  for (const { view } of await ended) if (view.state !== 'succeeded') throw new Error(`The update ${view.state}.`);
  return switched - ordered;
}
