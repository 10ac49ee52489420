/** A whole campaign: the harness proves itself, each story is recorded, audited and cut, and its agent killed. */
import { copyFile, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { AGENT_VERSION } from '../version.ts';
import { type DiskName, proveWriter, WRITERS, type WriterName, type WriterProof } from './harness-proof.ts';
import { keepRecording } from './kept-recording.ts';
import { killPointsOf, momentsOf, runKill, runMoment, samplePoints, sayPoint } from './kills.ts';
import { CUTS_PER_TAKE, cutOf, type Recording, recordStory, runCut } from './power-cuts.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import { describeMachine, type ScoreBoard, type StoryScore, type Trial, verdictOf } from './score-board.ts';
import type { Story } from './stories.ts';
import { openWorkshop, type Workshop } from './workshop.ts';
import { auditWriteOrder } from './write-order.ts';

export interface CampaignOrder {
  /** The command line of this program. */
  readonly agent: readonly string[];
  readonly sandbox: string;
  readonly stories: readonly Story[];
  readonly seed: number;
  /** Power cuts of all stories together. */
  readonly cuts: number;
  /** Kills of all stories together. */
  readonly kills: number | 'all';
  /** Cuts per writer with which the harness proves itself; 0 leaves that out. */
  readonly proofCuts: number;
  /** Something was done; `of` grows while points are counted. */
  readonly onProgress: (done: number, of: number, now: string) => void;
}

/** Two runs per core: each waits for its probation more than it works. */
const PARALLEL = 2 * availableParallelism();

export async function runCampaign(order: CampaignOrder): Promise<ScoreBoard> {
  const started = performance.now();
  const sandbox = await openSandbox(order.sandbox);
  try {
    const progress = countProgress(order);
    const proof = await proveHarness(order, sandbox, progress);
    const workshop = await openWorkshop({ agent: order.agent, folder: join(sandbox.work, 'w'), seed: order.seed });
    const stories: StoryScore[] = [];
    const isPossible = (story: Story): boolean => !story.launched || workshop.launcher !== undefined;
    const leftOut = order.stories.filter((story) => !isPossible(story)).map(({ title }) => `${title}: ${NO_LAUNCHER}`);
    for (const story of order.stories.filter(isPossible))
      stories.push(await tryStory(story, { order, sandbox, workshop, progress, failures: { count: 0 } }));
    return {
      version: AGENT_VERSION,
      seed: order.seed,
      machine: describeMachine(),
      seconds: Math.round((performance.now() - started) / 1000),
      missing: [...sandbox.missing, ...leftOut],
      proof,
      stories,
      verdict: verdictOf({ proof, stories }),
    };
  } finally {
    await sandbox.close();
  }
}

const NO_LAUNCHER = 'this agent was not installed with its launcher (fairlead-launch)';

interface Progress {
  expect(more: number): void;
  step(now: string): void;
}

function countProgress({ onProgress }: CampaignOrder): Progress {
  let [done, of] = [0, 0];
  return {
    expect: (more) => {
      of += more;
    },
    step: (now) => {
      done += 1;
      onProgress(done, of, now);
    },
  };
}

async function proveHarness(order: CampaignOrder, sandbox: Sandbox, progress: Progress): Promise<WriterProof[]> {
  const { agent, seed, proofCuts: cuts } = order;
  if (cuts === 0) return [];
  const pairs = sandbox.disks.flatMap((disk) =>
    (Object.keys(WRITERS) as WriterName[]).map((writer) => ({ disk, writer })),
  );
  progress.expect(pairs.length);
  return inParallel(pairs, async ({ disk, writer }, slot) => {
    const folder = join(sandbox.work, `proof-${slot}`);
    const proof = await proveWriter(disk, writer, { agent, folder, cuts, seed });
    progress.step('harness');
    return proof;
  });
}

async function tryStory(story: Story, means: Means): Promise<StoryScore> {
  const score: MutableScore = { story: story.name, title: story.title, writeOrder: [], trials: [] };
  try {
    await cutAndKill(score, story, means);
  } catch (error) {
    // Not even undisturbed did it come to its end: nothing more can be learnt from it.
    score.trials.push(failedTrial('cut', `${story.name}.${UNDISTURBED}`, error));
  }
  return { ...score, ...(means.failures.count >= MOST_FAILURES && { gaveUp: true as const }) };
}

async function cutAndKill(score: MutableScore, story: Story, means: Means): Promise<void> {
  const { order, sandbox, workshop, progress } = means;
  const share = (all: number): number => Math.ceil(all / order.stories.length);
  for (const disk of sandbox.disks) {
    const cuts = Math.ceil(share(order.cuts) / sandbox.disks.length);
    progress.expect(cuts);
    for (let from = 0; from < cuts; from += CUTS_PER_TAKE) {
      const numbers = Array.from({ length: Math.min(CUTS_PER_TAKE, cuts - from) }, (_, at) => from + at);
      const recording = await recordStory(workshop, story, disk, from / CUTS_PER_TAKE);
      const audited = disk === 'posix' ? auditWriteOrder(recording) : [];
      score.writeOrder.push(...audited.filter((broken) => !score.writeOrder.includes(broken)));
      score.trials.push(...(await cutRecording(recording, numbers, means)));
    }
  }
  const kills = order.kills === 'all' ? Infinity : share(order.kills);
  if (kills === 0) return;
  const killed = await killStory(story, kills, means);
  score.trials.push(...killed.trials);
  if (killed.points !== undefined) score.killPoints = killed.points;
}

type MutableScore = { -readonly [K in keyof StoryScore]: StoryScore[K] };

export const UNDISTURBED = 'undisturbed';

const failedTrial = (kind: Trial['kind'], name: string, error: unknown): Trial => ({
  kind,
  name,
  findings: { lost: [error instanceof Error ? error.message : String(error)], broken: [], outcome: 'unknown' },
});

interface Means {
  readonly order: CampaignOrder;
  readonly sandbox: Sandbox;
  readonly workshop: Workshop;
  readonly progress: Progress;
  /** Of this story. */
  readonly failures: { count: number };
}

/** After so many failures of a story one more tells nobody anything; each costs the whole patience. */
const MOST_FAILURES = 12;

/** One trial; what throws is a failure too. Undefined: the story was given up before. */
async function attempt(
  kind: Trial['kind'],
  name: string,
  { progress, failures }: Means,
  act: () => Promise<Omit<Trial, 'kind' | 'name'>>,
): Promise<Trial | undefined> {
  if (failures.count >= MOST_FAILURES) return undefined;
  const trial = await act().then(
    (made): Trial => ({ kind, name, ...made }),
    (error: unknown) => failedTrial(kind, name, error),
  );
  if (isFailure(trial)) failures.count += 1;
  progress.step(name.split('.')[0] ?? '');
  return trial;
}

const cutName = (story: Story, disk: DiskName, number: number): string => `${story.name}.${disk}.${number}`;

async function cutRecording(recording: Recording, numbers: readonly number[], means: Means): Promise<Trial[]> {
  const { order, sandbox, workshop } = means;
  const { story, disk } = recording;
  const trials = await inParallel(numbers, (number, slot) => {
    const folder = join(sandbox.work, `slot-${slot}`);
    const name = cutName(story, disk, number);
    return attempt('cut', name, means, async () => {
      const cut = cutOf(recording, order.seed, number);
      const findings = await runCut(workshop, recording, { cut, seed: order.seed, folder });
      if (isFailure({ findings })) {
        await keepRecording(sandbox.kept, order.seed, recording, workshop.fleet);
        await keepLog(name, join(folder, 'agent.log'), means);
      }
      return { findings };
    });
  });
  return trials.filter((trial) => trial !== undefined);
}

async function killStory(
  story: Story,
  most: number,
  means: Means,
): Promise<{ readonly points?: number; readonly trials: Trial[] }> {
  const { order, sandbox, workshop, progress } = means;
  const isExact = sandbox.disks.length > 0;
  const all = isExact ? await killPointsOf(workshop, story) : [];
  const points = samplePoints(all, most, order.seed);
  const moments = isExact ? [] : momentsOf(order.seed, Math.min(most, MOST_MOMENTS));
  progress.expect(points.length + moments.length);
  const exact = await inParallel(points, (point, slot) => {
    const folder = join(sandbox.work, `slot-${slot}`);
    const name = `${story.name}.kill.${sayPoint(point)}`;
    return attempt('kill', name, means, async () => {
      const { wasKilled, ...findings } = await runKill(workshop, story, { point, folder });
      if (isFailure({ findings })) await keepLog(name, join(folder, 'run', 'agent.log'), means);
      return { findings, missed: !wasKilled };
    });
  });
  const byChance = await inParallel(moments, (ms, slot) => {
    const folder = join(sandbox.work, `slot-${slot}`);
    const name = `${story.name}.moment.${ms}`;
    return attempt('kill', name, means, async () => {
      const { wasKilled, ...findings } = await runMoment(workshop, story, { ms, folder });
      if (isFailure({ findings })) await keepLog(name, join(folder, 'agent.log'), means);
      return { findings, missed: !wasKilled };
    });
  });
  const trials = [...exact, ...byChance].filter((trial) => trial !== undefined);
  return { ...(isExact && { points: all.length }), trials };
}
const MOST_MOMENTS = 500;

const isFailure = ({ findings }: Pick<Trial, 'findings'>): boolean =>
  findings.lost.length > 0 || findings.broken.length > 0;

/** What the agent said goes with the failure. */
async function keepLog(name: string, log: string, { order, sandbox }: Means): Promise<void> {
  const folder = join(sandbox.kept, String(order.seed));
  await mkdir(folder, { recursive: true });
  await copyFile(log, join(folder, `${name}.log`)).catch(() => undefined);
}

/** In the order of `items`; `slot` is a place that no other run uses meanwhile. */
async function inParallel<T, R>(items: readonly T[], act: (item: T, slot: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async (slot: number): Promise<void> => {
    for (;;) {
      const at = next;
      next += 1;
      const item = items[at];
      if (at >= items.length || item === undefined) return;
      results[at] = await act(item, slot);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, (_, slot) => work(slot)));
  return results;
}
