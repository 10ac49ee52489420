/**
 * What programs of a release (health checks, command tests, models under test) run under: the package's fairlead-confine
 * takes the agent's files, its memory and its capabilities from them. Decision 46 says why they are no other user.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunSmokeTests } from '@fairlead/toolkit/smoke-test/smoke-test';
import type { AgentConfig } from './config.ts';

export const CONFINE_PROGRAM = '/usr/lib/fairlead/fairlead-confine';

/** Program and arguments to put before a command; none where the package's program is not there (a working copy). */
export async function confinement(
  { root, file, enrolment }: Pick<AgentConfig, 'root' | 'file' | 'enrolment'>,
  program = CONFINE_PROGRAM,
): Promise<readonly string[]> {
  if (!existsSync(program)) return [];
  // It compares names from / on, so none may lead through a link. A token file may be gone since the enrollment.
  const real = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
  const agent = await real(root);
  const token = enrolment && 'tokenFile' in enrolment ? [enrolment.tokenFile] : [];
  const hidden = [agent, ...(await Promise.all([file, ...token].map(real)))];
  return [program, ...hidden.flatMap((path) => ['--hide', path]), '--show', join(agent, 'components'), '--'];
}

/** Loaded when the first test runs: most of its life an agent tests nothing. */
export const confinedSmokeTests =
  (confine: readonly string[]): RunSmokeTests =>
  async (order) =>
    (await import('@fairlead/toolkit/smoke-test/run-smoke-tests')).runSmokeTests({ ...order, confine });

/** For the self-test: what this machine's kernel does for it, in words. Never rejects. */
export const describeConfinement = (program = CONFINE_PROGRAM): Promise<string> =>
  new Promise((resolve) => {
    if (!existsSync(program)) return resolve(`programs of releases are not confined: there is no ${program}`);
    execFile(program, ['--check'], (error, stdout) =>
      resolve(
        error
          ? `programs of releases can read the agent's files: ${stdout.trim() || error.message}`
          : `programs of releases can't read the agent's files (${stdout.trim()})`,
      ),
    );
  });
