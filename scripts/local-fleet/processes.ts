/** Processes that we start are ours to end: by their own id, never by name, and always all of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** Between a polite SIGTERM and SIGKILL. */
const GRACE_MS = 10_000;

export interface Running {
  readonly name: string;
  readonly pid: number;
  /** Where its stdout and stderr go. */
  readonly log: string;
  /** Whether it still runs. */
  alive(): boolean;
  /** SIGTERM, and SIGKILL after the grace. Resolves once it is gone; gone already is fine. */
  stop(): Promise<void>;
  /** SIGKILL: what a power cut looks like to a process. */
  kill(): Promise<void>;
}

export interface Processes {
  /** Runs a module of ours on this very Node. Its output is appended to `NAME.log`. */
  start(name: string, args: readonly string[], env?: NodeJS.ProcessEnv): Running;
  /** The same for a program that brings its own Node. */
  startProgram(name: string, command: readonly string[], env?: NodeJS.ProcessEnv): Running;
  /** Ends everything that was started and still runs, last started first. */
  stopAll(): Promise<void>;
}

/**
 * Logs go to files in `logFolder`, which is made. `within` is a program that becomes ours, with its arguments: `ip
 * netns exec NAME` runs everything in another network.
 */
export function createProcesses(logFolder: string, within: readonly string[] = []): Processes {
  mkdirSync(logFolder, { recursive: true });
  const started: Running[] = [];
  const startProgram: Processes['startProgram'] = (name, command, env = {}) => {
    const log = join(logFolder, `${name}.log`);
    const output = openSync(log, 'a');
    const [program = '', ...args] = [...within, ...command];
    const child = spawn(program, args, {
      stdio: ['ignore', output, output],
      env: { ...process.env, ...env },
      // Ctrl-C in the terminal goes to the whole group; we end our children in order instead.
      detached: true,
    });
    const running = asRunning(name, log, child);
    started.push(running);
    return running;
  };
  return {
    start: (name, args, env) => startProgram(name, [process.execPath, ...args], env),
    startProgram,
    async stopAll() {
      for (const running of started.toReversed()) await running.stop();
    },
  };
}

function asRunning(name: string, log: string, child: ChildProcess): Running {
  if (child.pid === undefined) throw new Error(`${name} could not be started; see ${log}`);
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!alive()) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await gone;
    clearTimeout(late);
  };
  return { name, pid: child.pid, log, alive, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}
