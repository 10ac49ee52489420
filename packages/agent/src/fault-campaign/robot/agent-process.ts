/** The real agent as a process of its own, and its end: by its own hand, by `kill -9`, or with its whole machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { access, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunFolder } from './run-folder.ts';

export interface AgentProcess {
  readonly pid: number;
  /** How it ended, once it did. */
  exit(): string | undefined;
  readonly ended: Promise<void>;
}

export interface StartOptions {
  /**
   * The agent gets processes and a boot of its own, so that killing it is a power cut for everything that it started,
   * and its next start is the start of a machine. Needs root.
   */
  readonly machine: boolean;
  /** Its launcher: started by that, and again whenever it ends, as its unit does it. */
  readonly launcher?: string | undefined;
}

export async function startAgent(
  agent: readonly string[],
  run: RunFolder,
  { machine, launcher }: StartOptions,
): Promise<AgentProcess> {
  const bootId = join(run.folder, 'boot-id');
  if (machine) await writeFile(bootId, `${randomUUID()}\n`);
  const command = [
    ...(machine ? [...MACHINE, bootId] : []),
    ...(launcher === undefined ? agent : [...RESTART_ALWAYS, launcher]),
    '--config',
    run.config,
    'run',
  ];
  const log = openSync(run.log, 'a');
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: run.disk,
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: run.folder,
      TMPDIR: run.folder,
      NODE_NO_WARNINGS: '1',
      // One thread for the disk: the order of its calls is then the program's.
      UV_THREADPOOL_SIZE: '1',
      ...(launcher !== undefined && {
        FAIRLEAD_ROOT: run.root,
        FAIRLEAD_PACKAGED: packagedFolderOf(agent),
        FAIRLEAD_TRIAL_SLACK: '60',
      }),
    },
  });
  closeSync(log);
  return watch(child);
}

const MACHINE = [
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  '--propagation',
  'slave',
  'sh',
  '-c',
  'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"',
];

const RESTART_ALWAYS = ['sh', '-c', 'while :; do "$@"; sleep 0.2; done', 'unit'];

/** `bin/node` and `lib/main.js` of an installed agent lie in one folder. */
const packagedFolderOf = (agent: readonly string[]): string => dirname(dirname(agent.at(-1) ?? ''));

/** The launcher of the agent that runs this campaign; undefined where it was not installed. */
export async function findLauncher(agent: readonly string[]): Promise<string | undefined> {
  const packaged = packagedFolderOf(agent);
  const isInstalled = await isThere(join(packaged, 'bin/node'));
  for (const launcher of [join(packaged, '../fairlead-launch'), '/usr/lib/fairlead/fairlead-launch']) {
    if (isInstalled && (await isThere(launcher))) return launcher;
  }
  return undefined;
}

const isThere = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

function watch(child: ChildProcess): AgentProcess {
  let exit: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      exit = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      exit = signal ? `killed by ${signal}` : `exit code ${code}`;
      resolve();
    });
  });
  return { pid: child.pid ?? 0, exit: () => exit, ended };
}

/** `kill -9` of everything that works in a run's folder: the agent, the application, their children. */
export async function killAll(folder: string): Promise<void> {
  for (let round = 1; round <= 50; round += 1) {
    const found = await processesIn(folder);
    if (found.length === 0) return;
    for (const { pid } of found) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

export interface FoundProcess {
  readonly pid: number;
  readonly folder: string;
}

/** Live processes whose working directory is `folder` or below it. */
export async function processesIn(folder: string): Promise<FoundProcess[]> {
  const found: FoundProcess[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const at = await readlink(`/proc/${name}/cwd`).catch(() => '');
    if (at === folder || at.startsWith(`${folder}/`)) found.push({ pid: Number(name), folder: at });
  }
  return found;
}

/** Whether the process was started with `entry` (`NAME=value`) in its environment. */
export async function wasTold(pid: number, entry: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(entry);
}
