/** The agent as robots get it: it starts in a fifth of the time. Built once per test run; the first to ask builds. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { buildAgent } from '../../../scripts/package/build-agent.ts';

let built: Promise<string> | undefined;

/** Resolves with its main file. */
export const builtAgent = (): Promise<string> => (built ??= build());

async function build(): Promise<string> {
  const home = join(tmpdir(), 'agent-under-faults');
  const folder = join(home, 'agent');
  const isFirst = await mkdir(home).then(
    () => true,
    () => false,
  );
  if (isFirst) {
    await buildAgent({ into: `${folder}.tmp` });
    await rename(`${folder}.tmp`, folder);
  }
  await waitFor('the agent to be built', () => existsSync(folder) || undefined, { timeoutMs: 120_000 });
  return join(folder, 'lib/main.js');
}
