/** The real agent as a process of its own, and its end: by its own hand, by `kill -9`, or with its whole machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFolder } from './run-folder.ts';

export interface AgentProcess {
  readonly pid: number;
  /** How it ended, once it did. */
  exit(): string | undefined;
  readonly ended: Promise<void>;
}

/**
 * `machine`: the agent gets processes and a boot of its own, so that killing it is a power cut for everything that
 * it started, and its next start is the start of a machine. Needs root.
 */
export async function startAgent(
  agent: readonly string[],
  run: RunFolder,
  { machine }: { readonly machine: boolean },
): Promise<AgentProcess> {
  const bootId = join(run.folder, 'boot-id');
  if (machine) await writeFile(bootId, `${randomUUID()}\n`);
  const command = [...(machine ? [...MACHINE, bootId] : []), ...agent, '--config', run.config, 'run'];
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

/** Whether the process was started by the process manager for a service whose record is `record`. */
export async function servesAs(pid: number, record: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(`FAIRLEAD_SERVICE=${record}`);
}
