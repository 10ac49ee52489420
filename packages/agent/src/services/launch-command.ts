/** Starts one command in the active release, as the leader of a process group of its own. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { access, constants, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ServiceCommand } from '../config.ts';
import { keepShort, openLog } from './bounded-log.ts';
import { statOf } from './process-group.ts';

export interface LaunchOrder {
  readonly command: ServiceCommand;
  /** The component's `active` link. */
  readonly active: string;
  readonly log: string;
  /** `NAME=value` by which an agent that lost the pid finds the process again. */
  readonly mark: string;
}
export interface LaunchedProcess {
  readonly pid: number;
  readonly startTicks: number;
  /** Resolves when it ended, to how it ended, in words. */
  readonly ended: Promise<string>;
}
type LaunchRefusal = Pick<Refusal, 'category' | 'detail' | 'hint'>;

export async function launchCommand(order: LaunchOrder): Promise<Result<LaunchedProcess, LaunchRefusal>> {
  const { command } = order;
  // The folder itself, not the link: what runs keeps its release when the link moves.
  const folder = await realpath(order.active).catch(() => undefined);
  if (folder === undefined) return refuse(noRelease(command.component));
  const [program = '', ...args] = command.run;
  const path = program.includes('/') && !program.startsWith('/') ? join(folder, program) : program;
  if (path.includes('/') && !(await isExecutable(path))) return refuse(noProgram(path));
  await keepShort(order.log);
  const log = await openLog(order.log);
  try {
    const child = trySpawn(path, args, {
      cwd: join(folder, command.cwd ?? '.'),
      env: { ...cleanEnvironment(), ...command.env, ...asEntry(order.mark) },
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    if (typeof child === 'string') return refuse(noStart(child));
    const ended = endOf(child);
    const pid = await pidOf(child);
    if (typeof pid === 'string') return refuse(noStart(pid));
    child.unref();
    return accept({ pid, startTicks: (await statOf(pid))?.startTicks ?? 0, ended });
  } finally {
    await log.close();
  }
}

/** Why it does not start, where Node throws that and does not emit it (an argument that is too long). */
function trySpawn(path: string, args: readonly string[], options: SpawnOptions): ChildProcess | string {
  try {
    return spawn(path, args, options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The pid once it runs, or why it does not. */
const pidOf = (child: ChildProcess): Promise<number | string> =>
  new Promise((resolve) => {
    child.once('spawn', () => resolve(child.pid ?? 'it has no process id'));
    child.on('error', (error) => resolve(error.message));
  });

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `exited with code ${code}`));
  });

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Nothing of the agent's own environment but this: it may hold a token. */
function cleanEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'TZ', 'LD_LIBRARY_PATH']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function asEntry(mark: string): Record<string, string> {
  const at = mark.indexOf('=');
  return { [mark.slice(0, at)]: mark.slice(at + 1) };
}

const noRelease = (component: string): LaunchRefusal => ({
  category: 'no_release',
  detail: `No release of ${component} is active, so there is nothing to start.`,
  hint: `Deploy a release of ${component} first.`,
});
const noProgram = (path: string): LaunchRefusal => ({
  category: 'no_program',
  detail: `${path} is no executable file.`,
  hint: 'Check `run` in agent.yaml against the files of the release; the program’s mode must be 0755.',
});
const noStart = (detail: string): LaunchRefusal => ({
  category: 'start_failed',
  detail: `The program could not be started: ${detail}.`,
  hint: 'Check `run` and `cwd` in agent.yaml against the files of the release.',
});
