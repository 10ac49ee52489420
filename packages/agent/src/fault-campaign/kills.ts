/**
 * `kill -9` at every step. The robot's disk itself does the killing: it sees each change the agent makes, of all its
 * threads in one order, and kills it right before the change has any effect, or right after. The application lives on,
 * as it does when an agent dies, and the next agent has to cope with what it finds.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable } from '@fairlead/toolkit/abortable';
import type { Findings } from './checks.ts';
import { machine, unmount } from './disk/machine.ts';
import { pick, seededRandom, seedOf } from './disk/random.ts';
import { startRecordedDisk } from './disk/recorded-disk.ts';
import { type KillPoint, STEP_KINDS, type TrapReport } from './disk/trap.ts';
import { kill, killAll, processesIn, startAgent } from './robot/agent-process.ts';
import { comeToRest } from './robot/come-to-rest.ts';
import { makeRunFolder, writeConfig } from './robot/run-folder.ts';
import type { Story } from './stories.ts';
import { startsAs, type Workshop } from './workshop.ts';
import { startFleetServer } from './world/fleet-server.ts';

export interface KillResult extends Findings {
  readonly point: KillPoint;
  /** No two runs make quite the same number of steps: the last points of a kind may not come. */
  readonly wasKilled: boolean;
}

/** Every point of a story: each change once, a journal's before and after. From one run that nobody disturbs. */
export async function killPointsOf(workshop: Workshop, story: Story): Promise<KillPoint[]> {
  const { findings, report } = await live(workshop, story, undefined, join(workshop.folder, 'counting', story.name));
  const [trouble] = [...findings.lost, ...findings.broken];
  if (trouble !== undefined) throw new Error(`${story.title}, undisturbed: ${trouble}`);
  return STEP_KINDS.flatMap((kind) =>
    Array.from({ length: report.counts[kind] ?? 0 }, (_, at) => at + 1).flatMap((index): KillPoint[] =>
      kind === 'journal'
        ? [
            { kind, index, when: 'before' },
            { kind, index, when: 'after' },
          ]
        : [{ kind, index, when: 'before' }],
    ),
  );
}

/** The kinds of step that are never left to chance: what an update stands on. The rest are bytes on their way. */
const ALWAYS: ReadonlySet<string> = new Set(['journal', 'rename', 'sync', 'sync-folder', 'unlink', 'mkdir', 'symlink']);

/** At most `most` points: the journal's first, then an even part of the others, chosen by the seed. */
export function samplePoints(points: readonly KillPoint[], most: number, seed: number): KillPoint[] {
  if (points.length <= most) return [...points];
  const random = seededRandom(seedOf(seed, 'kills'));
  const rank = ({ kind }: KillPoint): number => (kind === 'journal' ? 0 : ALWAYS.has(kind) ? 1 : 2);
  const shuffled = points.map((point) => ({ point, chance: random() }));
  const chosen = shuffled.toSorted((a, b) => rank(a.point) - rank(b.point) || a.chance - b.chance).slice(0, most);
  return chosen.map(({ point }) => point);
}

export const sayPoint = ({ kind, index, when }: KillPoint): string => `${kind}.${index}.${when}`;

export function parsePoint(text: string): KillPoint | undefined {
  const [kind, index, when] = text.split('.');
  const known = STEP_KINDS.find((one) => one === kind);
  if (!known || !/^[1-9][0-9]*$/.test(index ?? '') || (when !== 'before' && when !== 'after')) return undefined;
  return { kind: known, index: Number(index), when };
}

export async function runKill(
  workshop: Workshop,
  story: Story,
  { point, folder }: { readonly point: KillPoint; readonly folder: string },
): Promise<KillResult> {
  const { findings, report } = await live(workshop, story, point, folder);
  return { ...findings, point, wasKilled: report.sprung };
}

/** One story; killed at `point`, if any, and started again. */
async function live(
  workshop: Workshop,
  story: Story,
  point: KillPoint | undefined,
  folder: string,
): Promise<{ findings: Findings; report: TrapReport }> {
  const { agent, fleet } = workshop;
  const start = await workshop.start(story);
  const mountPoint = join(folder, 'recorded');
  const run = await makeRunFolder(join(folder, 'run'));
  const recording = join(run.folder, 'records');
  const recorded = await startRecordedDisk(agent, { mountPoint, recording, from: start.disk });
  const server = await startFleetServer(fleet, start.state);
  try {
    await machine('mount', '--bind', mountPoint, run.disk);
    await writeConfig(run, { server: server.url, rootSha256: fleet.rootSha256 });
    const how = { machine: false, ...startsAs(workshop, story) };
    const first = await startAgent(agent, run, how);
    const whom = story.launched ? { childrenOf: first.pid } : { pid: first.pid };
    await recorded.arm({ ...whom, ...(point && { kill: point }) });
    // What counts as acknowledged is what was so when the agent died.
    let before = start.state;
    void first.ended.then(() => (before = server.state()));
    const patienceMs = workshop.patienceMs();
    const robot = { story, run, fleet, server, earlierMarks: [], patienceMs };
    const undisturbed = await comeToRest({ ...robot, agent: first, before });
    const report = await recorded.report();
    // A launched agent was started again already.
    if (!report.sprung || story.launched) return { findings: undisturbed, report };
    await first.ended;
    server.set(server.state());
    const second = await startAgent(agent, run, how);
    return { findings: await comeToRest({ ...robot, agent: second, before }), report };
  } finally {
    await killAll(run.folder);
    await unmount(run.disk);
    await recorded.stop();
    await server.close();
  }
}

/** For machines without a recorded disk: moments of the story's life, in milliseconds. */
export function momentsOf(seed: number, count: number): number[] {
  const random = seededRandom(seedOf(seed, 'moments'));
  return Array.from({ length: count }, () => pick(random, LIFE_MS));
}
const LIFE_MS = 4_000;

/** Kills the agent so many milliseconds after its start, on a plain folder. Needs nothing but this user's rights. */
export async function runMoment(
  workshop: Workshop,
  story: Story,
  { ms, folder }: { readonly ms: number; readonly folder: string },
): Promise<Findings & { readonly wasKilled: boolean }> {
  const { agent, fleet } = workshop;
  const start = await workshop.start(story);
  const run = await makeRunFolder(folder);
  await cp(start.disk, run.disk, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  const server = await startFleetServer(fleet, start.state);
  try {
    await writeConfig(run, { server: server.url, rootSha256: fleet.rootSha256 });
    const first = await startAgent(agent, run, { machine: false, ...startsAs(workshop, story) });
    await abortable(first.ended, AbortSignal.timeout(ms)).catch(() => undefined);
    const wasKilled = first.exit() === undefined;
    kill(first.pid);
    await first.ended;
    // With its launcher's loop, if it has one; the application lives on.
    for (const { pid, folder: at } of await processesIn(run.disk)) if (at === run.disk) kill(pid);
    const before = server.state();
    server.set(before);
    const second = await startAgent(agent, run, { machine: false, ...startsAs(workshop, story) });
    const robot = { story, run, fleet, server, earlierMarks: [], agent: second, before };
    return { ...(await comeToRest(robot)), wasKilled };
  } finally {
    await killAll(run.folder);
    await server.close();
  }
}
