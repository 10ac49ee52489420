/** One real agent process without a control plane: its socket answers, and its log goes to a file of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';

const MAIN = fileURLToPath(import.meta.resolve('@fairlead/agent/main'));

export interface AgentProcess {
  readonly child: ChildProcess;
  readonly socket: string;
  readonly log: () => Promise<string>;
  kill(): void;
}

export async function startAgent(folder: string): Promise<AgentProcess> {
  const socket = join(folder, 'agent.sock');
  const config = join(folder, 'agent.yaml');
  const logFile = join(folder, 'log');
  await writeFile(
    config,
    stringify({
      server: 'http://127.0.0.1:9',
      robot: 'duck-1',
      environment: 'development',
      root: join(folder, 'root'),
      socket,
      trust: { rootSha256: 'a'.repeat(64) },
      services: { manager: 'process', commands: {} },
    }),
    { mode: 0o600 },
  );
  const out = openSync(logFile, 'a');
  const child = spawn(process.execPath, [MAIN, 'run', '--config', config], { stdio: ['ignore', out, out] });
  closeSync(out);
  const kill = (): void => void child.kill('SIGKILL');
  const listening = () => (existsSync(socket) ? true : undefined);
  await waitFor('the agent to listen', listening, { timeoutMs: 120_000 }).catch((error: unknown) => {
    kill();
    throw error;
  });
  return { child, socket, log: () => readFile(logFile, 'utf8'), kill };
}
