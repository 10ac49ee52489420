/**
 * What an update costs the robot's application: the time from its order to the switch, and how long nobody answers,
 * beside a bare restart of the same service with nothing in between.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { order, untilEnded } from '../../local-fleet/deploy.ts';
import { addRobot, type LocalFleet, publishRelease } from '../../local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../local-fleet/robot-process.ts';
import { waitFor } from '../../local-fleet/wait-for.ts';
import { COMPONENT } from '../../local-fleet/write-release.ts';
import { type Downtime, downtimeOf } from './downtime.ts';

export interface SwitchingCost {
  /** From the operator's order to the renamed link, milliseconds: download, checks, smoke test and all. */
  readonly toSwitchMs: readonly number[];
  readonly update: readonly Downtime[];
  readonly bareRestart: readonly Downtime[];
}

/** `restart`: a command that restarts the service, where a service manager of the machine does it. */
export async function measureSwitching(
  fleet: LocalFleet,
  { rounds, restart }: { readonly rounds: number; readonly restart?: readonly string[] },
): Promise<SwitchingCost> {
  const robot = await addRobot(fleet, { name: 'switching-1' });
  const url = `http://127.0.0.1:${robot.env['ROBOT_PORT']}`;
  const cost = { toSwitchMs: [] as number[], update: [] as Downtime[], bareRestart: [] as Downtime[] };
  for (let round = 0; round <= rounds; round += 1) {
    const version = `1.0.${round}`;
    await publishRelease(fleet, { version, policy: { seed: round + 1 } });
    const toSwitch = update(fleet, robot, version);
    if (round === 0) {
      await toSwitch;
      continue;
    }
    cost.update.push(await downtimeOf(url, () => toSwitch.then((ms) => cost.toSwitchMs.push(ms))));
  }
  await robot.agent.stop();
  cost.bareRestart.push(...(await restarts(robot, url, rounds, restart)));
  return cost;
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

/** SIGTERM, its end, and the same program again: what `systemctl restart` does. */
async function restarts(
  robot: LivingRobot,
  url: string,
  rounds: number,
  command: readonly string[] | undefined,
): Promise<readonly Downtime[]> {
  const [program, ...args] = command ?? [];
  if (program !== undefined) return repeat(rounds, () => downtimeOf(url, () => promisify(execFile)(program, args)));
  const start = (): ChildProcess =>
    spawn('node', ['app.mjs'], {
      cwd: join(robot.root, 'components', COMPONENT, 'active'),
      env: { ...process.env, ...robot.env },
      stdio: 'ignore',
    });
  let running = start();
  const stop = async (): Promise<void> => {
    const gone = once(running, 'exit');
    running.kill('SIGTERM');
    await gone;
  };
  try {
    await waitFor('the application', robot.health);
    return await repeat(rounds, () =>
      downtimeOf(url, async () => {
        await stop();
        running = start();
      }),
    );
  } finally {
    await stop();
  }
}

async function repeat<T>(times: number, act: () => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let time = 0; time < times; time += 1) all.push(await act());
  return all;
}
