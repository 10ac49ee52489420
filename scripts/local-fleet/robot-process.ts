/** One pretended robot: its folder, its agent.yaml, its agent as a process, and its application's health endpoint. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnvironmentName } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { Type } from 'typebox';
import { stringify } from 'yaml';
import { agentCommand } from './agent-command.ts';
import { freePort } from './free-port.ts';
import type { Processes, Running } from './processes.ts';

/** From source, or as a robot gets it: `FAIRLEAD_AGENT_MAIN=dist/agent-x64/lib/main.js npm run demo`. */
const MAIN = resolve(process.env['FAIRLEAD_AGENT_MAIN'] ?? fileURLToPath(import.meta.resolve('@fairlead/agent/main')));

export interface RobotPlan {
  readonly name: string;
  readonly server: string;
  readonly environment: EnvironmentName;
  readonly rootSha256: string;
  /** Without it the robot waits as pending. */
  readonly token?: string;
  readonly group?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The agent's main file. Default: from source, or FAIRLEAD_AGENT_MAIN. */
  readonly main?: string;
  /** More of agent.yaml. */
  readonly config?: Readonly<Record<string, unknown>>;
}
/** What the agent's process finds around it. */
export interface Conditions {
  readonly env?: NodeJS.ProcessEnv;
  /** A program that runs the agent in its own place (`ip netns exec`, `strace -D`), so that its id is the one we know. */
  readonly under?: readonly string[];
}

/** What the application says of itself. */
const Health = Type.Object({
  ok: Type.Boolean(),
  release: Type.String(),
  policySha256: Type.String(),
  pid: Type.Integer(),
});
export type Health = Type.Static<typeof Health>;

export interface Robot {
  readonly name: string;
  readonly folder: string;
  /** The agent's own folder: components, downloads, trust. */
  readonly root: string;
  readonly configFile: string;
  /** What its services find in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts (or restarts) the agent. */
  start(conditions?: Conditions): Running;
  /** Asks the application itself; undefined where nothing answers. */
  health(): Promise<Health | undefined>;
  /** Runs `fairlead-agent COMMAND` beside the running agent. */
  readonly agentCommand: readonly string[];
}

/** A robot whose agent was started. */
export interface LivingRobot extends Robot {
  /** Since the last start. */
  agent: Running;
}

/** Writes the robot's folder under `folder`; nothing runs yet. */
export async function makeRobot(processes: Processes, folder: string, plan: RobotPlan): Promise<Robot> {
  const port = await freePort();
  const home = join(folder, plan.name);
  const root = join(home, 'root');
  await mkdir(home, { recursive: true });
  const configFile = join(home, 'agent.yaml');
  const env = { ROBOT_PORT: String(port) };
  const main = plan.main ?? MAIN;
  const agent = agentCommand(main);
  await writeFile(
    configFile,
    stringify({
      server: plan.server,
      robot: plan.name,
      environment: plan.environment,
      ...(plan.group !== undefined && { group: plan.group }),
      ...(plan.labels !== undefined && { labels: plan.labels }),
      root,
      trust: { rootSha256: plan.rootSha256 },
      ...(plan.token !== undefined && { enrolment: { token: plan.token } }),
      services: {
        manager: 'process',
        commands: { walking: { component: 'walking', run: ['node', 'app.mjs'], env } },
        onAgentExit: 'stop',
      },
      logLevel: 'info',
      ...plan.config,
    }),
    { mode: 0o600 },
  );
  return {
    name: plan.name,
    folder: home,
    root,
    configFile,
    env,
    agentCommand: [main, '--config', configFile],
    start: ({ under = [], env: more } = {}) =>
      processes.startProgram(plan.name, [...under, ...agent.command, 'run', '--config', configFile], {
        ...agent.env,
        ...env,
        ...more,
      }),
    health: () => askHealth(`http://127.0.0.1:${port}`),
  };
}

/** Asks an application itself; undefined where nothing answers, or it is unwell. */
export async function askHealth(url: string): Promise<Health | undefined> {
  try {
    const reply = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) });
    const health = parse(Health, await reply.json());
    return health.ok ? health.value : undefined;
  } catch {
    return undefined;
  }
}
