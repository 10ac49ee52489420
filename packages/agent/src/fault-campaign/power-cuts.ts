/**
 * Power cuts: a story is recorded once, on a disk that notes every write and every flush, and then cut at any record.
 * Each cut gives a medium, a server whose memory is of that moment, and a machine that starts from both.
 */
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Findings } from './checks.ts';
import { makeImage, mountImage, restless } from './disk/loop-disk.ts';
import { machine, unmount } from './disk/machine.ts';
import { CUT_MODES, type CutMode, cutPower, emptyMedium } from './disk/medium.ts';
import { writeImage, writeTree } from './disk/medium-files.ts';
import { pick, seededRandom, seedOf } from './disk/random.ts';
import { startRecordedDisk } from './disk/recorded-disk.ts';
import { type DiskRecord, readRecording } from './disk/recording.ts';
import { BEGIN_MARK, IMAGE_FILE } from './disk/serve-recorded-disk.ts';
import type { DiskName } from './harness-proof.ts';
import { killAll, startAgent } from './robot/agent-process.ts';
import { comeToRest } from './robot/come-to-rest.ts';
import { makeRunFolder, type RunFolder, writeConfig } from './robot/run-folder.ts';
import type { Story } from './stories.ts';
import { startsAs, type Workshop } from './workshop.ts';
import { startFleetServer } from './world/fleet-server.ts';
import type { FleetState } from './world/fleet-state.ts';

export interface Recording {
  readonly story: Story;
  readonly disk: DiskName;
  /** A story is recorded more than once: no two runs interleave alike. */
  readonly take: number;
  readonly file: string;
  readonly records: readonly DiskRecord[];
  /** The server's memory after each of its marks; the first is from before the story. */
  readonly states: readonly FleetState[];
}

/** Runs the story once, undisturbed. */
export async function recordStory(workshop: Workshop, story: Story, disk: DiskName, take: number): Promise<Recording> {
  const { agent, fleet } = workshop;
  const folder = join(workshop.folder, 'recordings', `${story.name}-${disk}-${take}`);
  const start = await workshop.start(story);
  const mountPoint = join(folder, 'recorded');
  const recording = join(folder, 'records');
  const image = join(folder, IMAGE_FILE);
  await mkdir(folder, { recursive: true });
  if (disk === 'ext4') await imageWith(start.disk, image, join(folder, 'making'));
  const recorded = await startRecordedDisk(agent, {
    mountPoint,
    recording,
    ...(disk === 'ext4' ? { fromImage: image } : { from: start.disk }),
  });
  const states: FleetState[] = [start.state];
  const server = await startFleetServer(fleet, start.state, async (state) => {
    states.push(state);
    // On the disk's own time line, before the robot hears of it.
    await recorded.mark(`${STATE_MARK}${states.length - 1}`);
  });
  const run = await makeRunFolder(join(folder, 'run'), recorded.controlFile);
  let leave: (() => Promise<void>) | undefined;
  let rest: (() => Promise<void>) | undefined;
  let findings: Findings;
  try {
    leave = await showDisk(disk, mountPoint, run);
    if (disk === 'ext4') rest = restless(run.disk);
    await writeConfig(run, { server: server.url, rootSha256: fleet.rootSha256 });
    const process = await startAgent(agent, run, { machine: true, ...startsAs(workshop, story) });
    const began = performance.now();
    findings = await comeToRest({ story, run, fleet, server, agent: process, before: start.state });
    workshop.lived(performance.now() - began);
    await recorded.mark(REST_MARK);
    await pause(AT_REST_MS);
  } finally {
    await killAll(run.folder);
    await rest?.();
    await leave?.();
    await recorded.stop();
    await server.close();
  }
  const [trouble] = [...findings.lost, ...findings.broken];
  if (trouble !== undefined) throw new Error(`${story.title}, undisturbed, on ${disk}: ${trouble} (${run.log})`);
  await rm(image, { force: true });
  return { story, disk, take, file: recording, records: readRecording(recording), states };
}
/** The story came to its end; nothing happens after it but this pause. */
export const REST_MARK = 'rest';
const AT_REST_MS = 300;
/** Of the server's memory, with its number. */
export const STATE_MARK = 'state ';

/** Makes what the recorded disk holds appear as the run's disk. */
async function showDisk(disk: DiskName, mountPoint: string, run: RunFolder): Promise<() => Promise<void>> {
  if (disk === 'ext4') return mountImage(join(mountPoint, IMAGE_FILE), run.disk);
  await machine('mount', '--bind', mountPoint, run.disk);
  return () => unmount(run.disk);
}

async function imageWith(content: string, image: string, scratch: string): Promise<void> {
  await makeImage(image);
  const leave = await mountImage(image, scratch);
  try {
    await cp(content, scratch, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  } finally {
    await leave();
  }
}

export interface Cut {
  readonly number: number;
  readonly record: number;
  readonly mode: CutMode;
}
export interface CutResult extends Findings {
  readonly cut: Cut;
}

/** Cuts of one recording; then the story is recorded again. */
export const CUTS_PER_TAKE = 40;
export const takeOf = (number: number): number => Math.floor(number / CUTS_PER_TAKE);

/** Where the `number`-th cut of a seed falls: all else about it follows from that. */
export function cutOf({ records, story, disk }: Recording, seed: number, number: number): Cut {
  const random = seededRandom(seedOf(seed, story.name, disk, number));
  const begin = records.findIndex((record) => record.op === 'mark' && record.text === BEGIN_MARK) + 1;
  const mode = CUT_MODES[pick(random, CUT_MODES.length)] ?? 'flushed';
  return { number, mode, record: begin + pick(random, records.length - begin + 1) };
}

/** One cut in a folder of its own, which is used again by the next one. */
export async function runCut(
  workshop: Workshop,
  recording: Recording,
  { cut, seed, folder }: { readonly cut: Cut; readonly seed: number; readonly folder: string },
): Promise<CutResult> {
  const { agent, fleet } = workshop;
  const { story, disk } = recording;
  const records = recording.records.slice(0, cut.record);
  const marks = records.flatMap((record) => (record.op === 'mark' ? [record.text] : []));
  const stateMark = marks.findLast((mark) => mark.startsWith(STATE_MARK));
  const before = recording.states[Number(stateMark?.slice(STATE_MARK.length) ?? 0)] ?? workshopFault();
  const medium = cutPower(emptyMedium(), records, cut.mode, seededRandom(seedOf(seed, 'medium', cut.number)));

  const run = await makeRunFolder(folder);
  let leave: (() => Promise<void>) | undefined;
  const server = await startFleetServer(fleet, before);
  try {
    if (disk === 'ext4') {
      const image = join(folder, IMAGE_FILE);
      await writeImage(medium, image);
      leave = await mountImage(image, run.disk);
    } else await writeTree(medium, run.disk);
    await writeConfig(run, { server: server.url, rootSha256: fleet.rootSha256 });
    const process = await startAgent(agent, run, { machine: true, ...startsAs(workshop, story) });
    const robot = {
      story,
      run,
      fleet,
      server,
      agent: process,
      before,
      earlierMarks: marks,
      patienceMs: workshop.patienceMs(),
    };
    return { ...(await comeToRest(robot)), cut };
  } finally {
    await killAll(run.folder);
    await leave?.();
    await server.close();
  }
}

function workshopFault(): never {
  throw new Error('a recording without its server’s memory');
}
