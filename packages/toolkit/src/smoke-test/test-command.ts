/** One `command` entry of the smoke tests: the release's own self-test, run in the staged folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { CommandSmokeTest } from '@fairlead/shared/release/release-yaml';
import { type Finding, finding } from './findings.ts';
import { runGuarded } from './guarded-child.ts';
import { COMMAND_TIMEOUT_SEC } from './limits.ts';
import type { SmokeTestOrder } from './smoke-test.ts';

export async function testCommand(
  { folder, confine, signal }: Pick<SmokeTestOrder, 'folder' | 'confine' | 'signal'>,
  test: CommandSmokeTest,
): Promise<Result<{ run: string; ms: number }, Finding>> {
  const run = test.run.join(' ');
  const timeoutSec = test.timeoutSec ?? COMMAND_TIMEOUT_SEC;
  const [program = '', ...args] = test.run;
  const scratch = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  try {
    const ended = await runGuarded({
      // "./selftest" means the release's own file; a bare name is looked up in PATH.
      command: [program.includes('/') && !isAbsolute(program) ? join(folder, program) : program, ...args],
      cwd: folder,
      scratch,
      timeoutMs: timeoutSec * 1000,
      ...(test.maxMemoryMb === undefined ? {} : { addressSpaceMb: test.maxMemoryMb }),
      ...(confine ? { confine } : {}),
      ...(signal ? { signal } : {}),
    });
    const { end, status, output, ms, cpuMs } = ended;
    const used = cpuMs === undefined ? '' : ` (${(cpuMs / 1000).toFixed(1)} s of processor time)`;
    if (end === 'exited' && status === 0) return accept({ run, ms });
    if (end === 'cancelled') return refuse(finding('cancelled', run, 'The test was cancelled.'));
    if (end === 'timed_out') return refuse(finding('timed_out', run, `Killed after ${timeoutSec} s${used}. ${output}`));
    return refuse(finding('command_failed', run, `It ended with ${status}. ${output}`));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
