/** One large release from `release build` to commit: what each program on its way holds in memory. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { order, untilEnded } from '../../local-fleet/deploy.ts';
import { addRobot, type LocalFleet } from '../../local-fleet/local-fleet.ts';
import { COMPONENT, writeRelease } from '../../local-fleet/write-release.ts';
import { memoryOf, peakMbOf, resetPeak } from './process-cost.ts';

export interface ResidentMb {
  readonly who: string;
  /** Absent for a command: it starts with the work and ends with it. */
  readonly before?: number;
  readonly peak: number;
  readonly after?: number;
}

const CLI = fileURLToPath(import.meta.resolve('@fairlead/cli/main'));
const MB = 1024 * 1024;
/** Freed memory is given back some seconds after the work. */
const SETTLE_MS = 10_000;
const UPDATE_TIMEOUT_MS = 15 * 60_000;

export async function measureLargeRelease(fleet: LocalFleet, megabytes: number): Promise<readonly ResidentMb[]> {
  const robot = await addRobot(fleet, { name: 'large-1' });
  const folder = await writeRelease(join(fleet.folder, 'releases'), { version: '1.0.0', policy: { seed: 1 } });
  await writeNoise(join(folder, 'weights.bin'), megabytes);
  const file = `${folder}.fairlead`;
  const build = await command(fleet, 'release', 'build', folder, '--output', file);
  const passphrase = ['--passphrase-file', fleet.passphraseFile, '--yes'];
  const [upload, publish] = await during('control plane, upload', fleet.server.pid, () =>
    command(fleet, 'release', 'publish', file, '--env', 'production', ...passphrase),
  );
  const [serve, [install]] = await during('control plane, one download', fleet.server.pid, () =>
    during('agent, download to commit', robot.agent.pid, async () => {
      const deployments = await order(fleet, 'deploy', '--robot', robot.name, '--release', `${COMPONENT}@1.0.0`);
      for (const { view } of await untilEnded(fleet, deployments, () => {}, UPDATE_TIMEOUT_MS)) {
        if (view.state !== 'succeeded') throw new Error(`The update ${view.state}.`);
      }
    }),
  );
  return [build, publish, upload, serve, install];
}

async function during<T>(who: string, pid: number, work: () => Promise<T>): Promise<readonly [ResidentMb, T]> {
  const before = (await memoryOf(pid)).resident;
  await resetPeak(pid);
  const done = await work();
  const peak = await peakMbOf(pid);
  await sleep(SETTLE_MS);
  return [{ who, before, peak, after: (await memoryOf(pid)).resident }, done];
}

/** Runs one command of the operator and looks at its peak until it has ended. */
async function command(fleet: LocalFleet, ...args: readonly string[]): Promise<ResidentMb> {
  const env = { ...process.env, FAIRLEAD_HOME: fleet.home, NO_COLOR: '1' };
  const child = spawn(process.execPath, [CLI, ...args, '--json'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    // The process may end between the question and its answer.
    peak = Math.max(peak, (await peakMbOf(child.pid ?? 0).catch(() => 0)) || 0);
    await sleep(20);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`fairlead ${args.join(' ')} ended with ${code}.`);
  return { who: `fairlead ${args.slice(0, 2).join(' ')}`, peak };
}

/** Random bytes, which no compression makes smaller. */
async function writeNoise(file: string, megabytes: number): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    for (let written = 0; written < megabytes; written += 1) await handle.write(randomBytes(MB));
  } finally {
    await handle.close();
  }
}
