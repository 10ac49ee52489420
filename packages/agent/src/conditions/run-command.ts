/** Runs a command of agent.yaml: no shell, a time-out after which its whole group is killed, bounded output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { SECOND } from '@fairlead/shared/time';
import { signalGroup } from '../services/process-group.ts';
import type { ConditionCommand } from './preconditions.ts';

const MOST_OUTPUT = 16 * 1024;
const TIMEOUT_SEC = 5;
/** What it wrote last may still be in the pipe. */
const DRAIN_MS = 500;

export interface Ran {
  /** Undefined where it could not be started, was killed or took too long. */
  readonly exitCode: number | undefined;
  /** What it wrote to stdout, cut off where it is longer than 16 KiB. */
  readonly output: string;
  /** For people. */
  readonly ended: string;
}

export function runCommand({ run, timeoutSec = TIMEOUT_SEC }: ConditionCommand): Promise<Ran> {
  const [program = '', ...args] = run;
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(program, args, { cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    } catch (error) {
      // Node throws some errors (an argument that is too long) and emits others.
      return resolve({ exitCode: undefined, ended: couldNotRun(program, error), output: '' });
    }
    let isLate = false;
    const kill = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    };
    const late = setTimeout(() => {
      isLate = true;
      kill();
    }, timeoutSec * SECOND);
    const kept: Buffer[] = [];
    let size = 0;
    // Without a free descriptor there is no pipe, only the error that comes next.
    child.stdout?.on('error', () => undefined);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (size < MOST_OUTPUT) kept.push(chunk.subarray(0, MOST_OUTPUT - size));
      size += chunk.length;
    });
    let ended: Omit<Ran, 'output'> | undefined;
    const settle = (): void => {
      clearTimeout(late);
      child.stdout?.destroy();
      const output = Buffer.concat(kept).toString('utf8');
      resolve({ exitCode: undefined, ended: `${program} was lost`, ...ended, output });
    };
    child.on('error', (error) => {
      ended ??= { exitCode: undefined, ended: couldNotRun(program, error) };
      settle();
    });
    child.once('exit', (code, killedBy) => {
      kill();
      const how = killedBy ? `was killed by ${killedBy}` : `ended with code ${code}`;
      ended = isLate
        ? { exitCode: undefined, ended: `${program} did not end within ${timeoutSec} s` }
        : { exitCode: code ?? undefined, ended: `${program} ${how}` };
      // Somebody who fled from its group may hold the pipe for ever.
      setTimeout(settle, DRAIN_MS).unref();
    });
    child.once('close', settle);
  });
}

const couldNotRun = (program: string, error: unknown): string =>
  `${program} could not run: ${error instanceof Error ? error.message : String(error)}`;
