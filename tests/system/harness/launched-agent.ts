/** Robots whose agent is what a package installs: built files, started by the launcher, started again whenever it ends. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { succeed } from '../../../scripts/local-fleet/fairlead.ts';
import type { LocalFleet } from '../../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../../scripts/local-fleet/robot-process.ts';
import { type AgentBuild, buildAgent } from '../../../scripts/package/build-agent.ts';
import type { TestFleet } from './fleet.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const LAUNCHER = join(PROJECT, 'packages/agent/launcher/fairlead-launch');
const SUPERVISOR = join(import.meta.dirname, 'restart-always.ts');

export const buildPackaged = (folder: string): Promise<AgentBuild> =>
  buildAgent({ version: '0.1.0', into: join(folder, 'packaged-agent') });

/** Ends the robot's agent and starts it as an installed one. */
export async function underLauncher(fleet: TestFleet, robot: LivingRobot, packaged: AgentBuild): Promise<void> {
  await robot.agent.stop();
  const env = {
    ...robot.env,
    FAIRLEAD_ROOT: robot.root,
    FAIRLEAD_PACKAGED: packaged.folder,
    FAIRLEAD_TRIAL_SLACK: '8',
  };
  const args = [SUPERVISOR, LAUNCHER, 'run', '--config', robot.configFile];
  robot.agent = fleet.processes.start(`${robot.name}-launched`, args, env);
}

export interface AgentRelease {
  readonly version: string;
  /** Replaces `lib/main.js`: a new agent that is broken in its own way. */
  readonly main?: (good: string) => string;
  readonly probationSec?: number;
}

/** Builds the agent anew, bends it, and publishes it as a release of the component `fairlead-agent`. */
export async function publishAgent(fleet: LocalFleet, plan: AgentRelease): Promise<string> {
  const folder = join(fleet.folder, 'agents', plan.version);
  await mkdir(folder, { recursive: true });
  const built = await buildAgent({ version: plan.version, into: `${folder}-build` });
  // Its runtime stays that of the package: 100 MB less to publish and to fetch in each of these tests.
  const isWhole = plan.main === undefined;
  await cp(join(built.folder, 'lib'), join(folder, 'lib'), {
    recursive: true,
    filter: (file) => isWhole || !file.includes('node_modules'),
  });
  if (plan.main) await writeFile(join(folder, 'lib/main.js'), plan.main('./good.js'));
  if (plan.main) await cp(join(built.folder, 'lib/main.js'), join(folder, 'lib/good.js'));
  const yaml = { component: 'fairlead-agent', version: plan.version, probation: { seconds: plan.probationSec ?? 2 } };
  await writeFile(join(folder, 'release.yaml'), stringify(yaml));
  const file = `${folder}.fairlead`;
  await succeed(fleet.fairlead, 'release', 'build', folder, '--output', file);
  const passphrase = ['--passphrase-file', fleet.passphraseFile, '--yes'];
  await succeed(fleet.fairlead, 'release', 'publish', file, '--env', 'production', ...passphrase);
  return `fairlead-agent@${plan.version}`;
}
