/** A program of the release ends with exit code 0. One that can't be started proves nothing: unknown. */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import { bareEnvironment } from '@fairlead/toolkit/process/bare-environment';
import { signalGroup } from '../services/process-group.ts';
import type { ProbeVerdict } from './prober.ts';

type Check = Extract<HealthCheck, { command: unknown }>['command'];

/** What is kept of a talkative check, bytes. */
const KEPT_OUTPUT = 1000;
/** How fairlead-confine ends where it did not start the check: that proves nothing about the release. */
const COULD_NOT_CONFINE = 126;
/** What it wrote last may still be in the pipe. */
const DRAIN_MS = 500;

export interface CommandRun {
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Program and arguments before it. */
  readonly confine?: readonly string[] | undefined;
  /** Over the bare environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Runs the check with nothing of the agent: a bare environment with `env`, and under `confine`. */
export function probeCommand(
  check: Check,
  { folder, signal, confine = [], env: more }: CommandRun,
): Promise<ProbeVerdict> {
  const [program = '', ...args] = check.run;
  const path = program.includes('/') && !program.startsWith('/') ? join(folder, program) : program;
  return new Promise((resolve) => {
    const couldNotRun = (error: unknown): ProbeVerdict => ({
      verdict: 'unknown',
      detail: `${program} could not run: ${error instanceof Error ? error.message : String(error)}`,
    });
    let child: ChildProcess;
    try {
      const [first = path, ...rest] = [...confine, path, ...args];
      const env = { ...bareEnvironment(tmpdir()), ...more };
      child = spawn(first, rest, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      // Node throws some errors (an argument that is too long) and emits others.
      return resolve(couldNotRun(error));
    }
    const kill = (): void => {
      // The group: a shell script's children would else outlive their check.
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    };
    const settle = (verdict: ProbeVerdict): void => {
      signal.removeEventListener('abort', kill);
      // Somebody who fled from its group may hold the pipes, and write to them, for as long as the agent runs.
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(verdict);
    };
    signal.addEventListener('abort', kill, { once: true });
    let said = '';
    const keep = (chunk: Buffer): void => {
      said = (said + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    };
    // Without a free descriptor there is no pipe, only the error that comes next.
    for (const output of [child.stdout, child.stderr]) output?.on('error', () => undefined).on('data', keep);
    child.on('error', (error) => settle(couldNotRun(error)));
    child.once('exit', (code, killedBy) => {
      // A check that leaves children behind would, every few seconds, leave more.
      kill();
      if (confine.length > 0 && code === COULD_NOT_CONFINE) return settle(couldNotRun(said.trim() || 'not confined'));
      if (signal.aborted) return settle({ verdict: 'unhealthy', detail: `${program} did not end in time` });
      const ended = killedBy ? `was killed by ${killedBy}` : `ended with code ${code}`;
      const judge = (): void => {
        clearTimeout(late);
        const tail = said.trim() === '' ? '' : `: ${said.trim()}`;
        settle({ verdict: code === 0 ? 'healthy' : 'unhealthy', detail: `${program} ${ended}${tail}` });
      };
      const late = setTimeout(judge, DRAIN_MS).unref();
      child.once('close', judge);
    });
  });
}
