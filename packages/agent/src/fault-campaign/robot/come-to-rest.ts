/** Lets a robot that was cut off do its work, and says what became of it. */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { examine, type Findings } from '../checks.ts';
import type { Story } from '../stories.ts';
import type { Fleet } from '../world/fleet.ts';
import type { FleetServer } from '../world/fleet-server.ts';
import type { FleetState } from '../world/fleet-state.ts';
import type { AgentProcess } from './agent-process.ts';
import { progressDeadline } from './progress-deadline.ts';
import type { RunFolder } from './run-folder.ts';

export interface Robot {
  readonly story: Story;
  readonly run: RunFolder;
  readonly fleet: Fleet;
  readonly server: FleetServer;
  readonly agent: AgentProcess;
  /** The server's memory at the cut. */
  readonly before: FleetState;
  /** Marks that a recording saw before the cut. Absent: marks are not judged. */
  readonly earlierMarks?: readonly string[];
  /** How long a robot may make no progress, milliseconds. Default: a minute. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 40;

/** Resolves as soon as everything holds, or with what did not hold in the end. */
export async function comeToRest(robot: Robot): Promise<Findings> {
  const deadline = progressDeadline(robot.patienceMs ?? PATIENCE_MS, () => performance.now());
  for (;;) {
    const findings = await look(robot);
    const isOver = deadline.isOver(progressOf(robot, findings)) || robot.agent.exit() !== undefined;
    if (isOver || (findings.lost.length === 0 && findings.broken.length === 0)) return findings;
    // What was told can't be unsaid, so there is nothing to wait for.
    if (findings.lost.length === 0 && findings.broken.every((broken) => NEVER_MENDED.test(broken))) return findings;
    await pause(LOOK_EVERY_MS);
  }
}
/** What the server knows and what does not hold yet; the same text as before is no progress. */
function progressOf({ server }: Robot, { lost, broken }: Findings): string {
  const { activity, unsentReports } = server.lastCheckIn() ?? {};
  return JSON.stringify([server.state().chain.length, activity?.state, unsentReports, lost, broken]);
}

const NEVER_MENDED =
  /^(dep_|it told|it raised|the end of|it came|it sent|it left out|its report|it tells)|smoke-tested/;

async function look({ story, run, fleet, server, agent, before, earlierMarks }: Robot): Promise<Findings> {
  const marks = earlierMarks === undefined ? '' : await readFile(run.marks, 'utf8').catch(() => '');
  return examine({
    story,
    run,
    fleet,
    before,
    now: server.state(),
    lastCheckIn: server.lastCheckIn(),
    agentEnd: agent.exit(),
    marks: [...(earlierMarks ?? []), ...marks.split('\n')],
  });
}
