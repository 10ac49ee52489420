/**
 * How a pretended robot's agent is started: from source, or as a robot gets it, with the Node and the `node-options`
 * that lie beside it (fairlead-launch reads the same lines).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface AgentCommand {
  /** Program and first arguments: `[...command, 'run', '--config', file]`. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** `main`: `lib/main.js` of a built agent, or the agent's source. */
export function agentCommand(main: string): AgentCommand {
  const tree = join(main, '../..');
  const options = join(tree, 'node-options');
  if (!existsSync(options)) return { command: [process.execPath, main], env: {} };
  const lines = readFileSync(options, 'utf8').split('\n');
  const flags = lines.filter((line) => line.startsWith('--'));
  const env = lines.flatMap((line) => {
    const [, name, value] = /^((?:UV|MALLOC)_[A-Z_]+)=([0-9]+)$/.exec(line) ?? [];
    return name !== undefined && value !== undefined ? [[name, value] as const] : [];
  });
  return { command: [join(tree, 'bin/node'), ...flags, main], env: Object.fromEntries(env) };
}
