/** System calls of an agent that fail, are slow or lie, by strace: also while it runs. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Conditions } from '../../../scripts/local-fleet/robot-process.ts';

export const hasStrace = tryIt();
if (!hasStrace) process.stdout.write('skipped: strace is missing or may not trace here\n');

function tryIt(): boolean {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true']);
    return true;
  } catch {
    return false;
  }
}

/** An agent whose calls `inject` (strace's own words) befalls from its start on. Its process id stays its own. */
export const under = (calls: string, ...inject: readonly string[]): Conditions => ({
  under: [
    'strace',
    '-D',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${calls}`,
    ...inject.flatMap((it) => ['-e', it]),
  ],
  // `when=` counts per thread.
  env: { UV_THREADPOOL_SIZE: '1' },
});

/** From now on every call of the running process on one of `files` fails with `error`; resolves to the way back. */
export async function failOn(pid: number, calls: string, error: string, files: readonly string[]) {
  const paths = files.flatMap((file) => ['-P', file]);
  const inject = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}`];
  const strace = spawn('strace', ['-f', '-qq', '-o', '/dev/null', ...paths, ...inject, '-p', String(pid)]);
  while (!isTraced(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  return async (): Promise<void> => {
    const gone = once(strace, 'exit');
    strace.kill('SIGINT');
    await gone;
  };
}

const isTraced = (pid: number): boolean => !/TracerPid:\s+0\n/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
