/** What all runs of one campaign share: the sandbox, the fleet, and robots as they are before each story. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, EXIT_CODES } from '../commands/command-context.ts';
import { seededRandom } from './disk/random.ts';
import { findLauncher, killAll, startAgent } from './robot/agent-process.ts';
import { comeToRest } from './robot/come-to-rest.ts';
import { makeRunFolder, type RunFolder, writeConfig } from './robot/run-folder.ts';
import { STORIES, type Story } from './stories.ts';
import { type Fleet, makeFleet } from './world/fleet.ts';
import { startFleetServer } from './world/fleet-server.ts';
import { type FleetState, NEW_FLEET, withOrder } from './world/fleet-state.ts';
import { FACTORY_STATE } from './world/robot-application.ts';

export interface Workshop {
  /** The command line of this program. */
  readonly agent: readonly string[];
  /** Everything of the campaign lies below it. */
  readonly folder: string;
  readonly fleet: Fleet;
  readonly seed: number;
  /** Undefined: the agent can't be shown updating itself here. */
  readonly launcher: string | undefined;
  /** How long a robot is waited for, milliseconds: many times what it needs undisturbed on a machine as busy as this. */
  patienceMs(): number;
  /** A robot that nobody disturbed needed so long. */
  lived(ms: number): void;
  /** A robot's disk before a story, and what its server knows. */
  start(story: Story): Promise<StartingPoint>;
}
export interface StartingPoint {
  readonly disk: string;
  /** With the story's order. */
  readonly state: FleetState;
}

const LEAST_PATIENCE_MS = 20_000;

/** How the agent of a story is started. */
export const startsAs = (workshop: Pick<Workshop, 'launcher'>, story: Story): { launcher?: string | undefined } =>
  story.launched ? { launcher: workshop.launcher } : {};

export async function openWorkshop(order: Pick<Workshop, 'agent' | 'folder' | 'seed'>): Promise<Workshop> {
  const { agent, folder, seed } = order;
  await mkdir(folder, { recursive: true });
  const fleet = await makeFleet(folder, Date.now(), seededRandom(seed));
  const made = new Map<string, Promise<StartingPoint>>();
  let slowest = 0;
  const makeOnce = (version: string | undefined): Promise<StartingPoint> => {
    const name = version ?? 'new';
    const point = made.get(name) ?? (version === undefined ? newDisk(folder) : installed({ agent, folder, fleet }));
    made.set(name, point);
    return point;
  };
  return {
    ...order,
    fleet,
    patienceMs: () => Math.max(LEAST_PATIENCE_MS, 8 * slowest),
    lived: (ms) => {
      slowest = Math.max(slowest, ms);
    },
    launcher: await findLauncher(agent),
    start: async (story) => {
      const { disk, state } = await makeOnce(story.before);
      return { disk, state: withOrder(state, story.order) };
    },
  };
}

/** As the factory made it. */
async function newDisk(folder: string): Promise<StartingPoint> {
  const disk = join(folder, 'starting-points', 'new');
  await mkdir(join(disk, 'state'), { recursive: true });
  await writeFile(join(disk, 'state', 'calibration'), FACTORY_STATE);
  return { disk, state: NEW_FLEET };
}

/** A robot that was enrolled and works with the first release: made by the agent itself. */
async function installed({
  agent,
  folder,
  fleet,
}: Pick<Workshop, 'agent' | 'folder' | 'fleet'>): Promise<StartingPoint> {
  const story = STORIES.find(({ name }) => name === 'first-install');
  if (!story) throw new Error('there is no story of a first installation');
  const run = await makeRunFolder(join(folder, 'starting-points', 'installing'));
  await cp((await newDisk(folder)).disk, run.disk, { recursive: true });
  const before = withOrder(NEW_FLEET, story.order);
  const server = await startFleetServer(fleet, before);
  try {
    await writeConfig(run, { server: server.url, rootSha256: fleet.rootSha256 });
    const process = await startAgent(agent, run, { machine: false });
    const { lost, broken } = await comeToRest({ story, run, fleet, server, agent: process, before });
    await killAll(run.folder);
    const [trouble] = [...lost, ...broken];
    if (trouble !== undefined) throw cannotBegin(trouble, run);
    return { disk: run.disk, state: server.state() };
  } finally {
    await killAll(run.folder);
    await server.close();
  }
}

const cannotBegin = (trouble: string, run: RunFolder): CommandError =>
  new CommandError(
    `The pretended robot does not work on this machine even if nobody disturbs it: ${trouble}.`,
    EXIT_CODES.failed,
    `Its agent's log is ${run.log}.`,
  );
