/**
 * What must hold of a robot that was cut off anywhere, once it had its time: read the list as sentences. It looks at
 * the disk, at the processes and at what the server was told, and asks the agent for nothing.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ComponentName } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { type ReleaseIdentity, releaseFolderName } from '@fairlead/shared/release/manifest';
import { JOURNEY } from '@fairlead/shared/update/journey';
import { measureTree } from '@fairlead/toolkit/bundle/measure-tree';
import { TEMP_MARK } from '@fairlead/toolkit/durable-files';
import { layoutOf } from '../releases/layout.ts';
import { openReleaseFolder, type ReleaseFolder } from '../releases/release-folder.ts';
import { processesIn, wasTold } from './robot/agent-process.ts';
import type { RunFolder } from './robot/run-folder.ts';
import type { Story } from './stories.ts';
import { COMPONENT, type Fleet, nameOf, SERVICE } from './world/fleet.ts';
import { acknowledgedVersion, endsOf, type FleetState } from './world/fleet-state.ts';
import { SMOKE_TEST_MARK, START_MARK, stateOf } from './world/robot-application.ts';
import type { CheckIn } from './world/robot-requests.ts';

export interface RobotUnderTest {
  readonly story: Story;
  readonly run: RunFolder;
  readonly fleet: Fleet;
  /** The server's memory when the robot was cut off, and now. */
  readonly before: FleetState;
  readonly now: FleetState;
  readonly lastCheckIn: CheckIn | undefined;
  /** How the agent ended, where it did although nobody killed it. */
  readonly agentEnd: string | undefined;
  /** What smoke tests and applications left in the course of the story, in order, from before the cut too. */
  readonly marks: readonly string[];
}

export interface Findings {
  /** Without these a robot has no working release: it is lost. */
  readonly lost: readonly string[];
  /** Promises that were broken although the robot works. */
  readonly broken: readonly string[];
  readonly outcome: string;
}

export async function examine(robot: RobotUnderTest): Promise<Findings> {
  const lost: string[] = [];
  const broken: string[] = [];
  const unfinished = robot.agentEnd === undefined ? whyNotAtRest(robot) : `its agent ended: ${robot.agentEnd}`;
  // Until then nobody looks: a look opens folders, and must not make what the agent is about to make.
  if (unfinished !== undefined) return { lost: [unfinished], broken, outcome: outcomeOf(robot.now) };
  const { run, fleet, story } = robot;
  const application = await openFolder(run, COMPONENT);
  const folder = story.order.component === COMPONENT ? application : await openFolder(run, story.order.component);
  for (const one of new Set([application, folder])) {
    lost.push(...(await whyNotVerified(one, fleet)));
    const [active, committed] = [await one.slot('active'), await one.committed()];
    if (committed?.active.manifestSha256 !== active?.manifestSha256) {
      broken.push(`its committed mark says ${committed?.active.version}, its active link ${active?.version}`);
    }
    broken.push(...(await leftovers(run, one)));
  }
  const working = await application.slot('active');
  if (working) lost.push(...(await whyNotServing(run, working.version, application)));
  const active = await folder.slot('active');
  if (story.launched && active) lost.push(...(await whyNotThisAgent(run, active)));
  broken.push(...brokenWord(robot, active?.version));
  const state = await readFile(join(run.state, 'calibration'), 'utf8').catch(() => 'nothing');
  if (working && state !== stateOf(working.version)) {
    broken.push(`its state says '${state.trim()}' under ${working.version}`);
  }
  return { lost, broken: [...new Set(broken)], outcome: outcomeOf(robot.now) };
}

function openFolder(run: RunFolder, name: string): Promise<ReleaseFolder> {
  const component = parse(ComponentName, name);
  if (!component.ok) throw new Error('the campaign names no component');
  return openReleaseFolder(layoutOf(run.root), component.value, measureTree);
}

async function whyNotVerified(folder: ReleaseFolder, fleet: Fleet): Promise<string[]> {
  const active = await folder.slot('active');
  // An agent may be that of its package; an application must come from a release.
  if (!active) return folder.component === COMPONENT ? ['it has no active release'] : [];
  const measured = await folder.measure(active, 'verify');
  const lost = measured.ok ? [] : [`its active release is not what was signed: ${measured.refused.detail}`];
  if (active.manifestSha256 !== fleet.targets[nameOf(active)]?.sha256) {
    lost.push(`its active release ${active.version} was never published`);
  }
  return lost;
}

/** The launcher chose what is active, and that is what runs. */
async function whyNotThisAgent(run: RunFolder, active: ReleaseIdentity): Promise<string[]> {
  const told = `FAIRLEAD_AGENT_RELEASE=${releaseFolderName(active)}`;
  for (const { pid, folder } of await processesIn(run.disk)) {
    if (folder === run.disk && (await wasTold(pid, told))) return [];
  }
  return [`the agent that runs is not ${active.version}`];
}

/** At rest: the last order has ended, the server knows, and nothing is left to do or to say. */
function whyNotAtRest({ now, lastCheckIn }: RobotUnderTest): string | undefined {
  const order = now.orders.at(-1);
  if (!order) return undefined;
  if (endsOf(now, order.deployment).length === 0) return `the end of ${order.deployment} was never told`;
  if (!lastCheckIn) return 'it never checked in again';
  const { activity, unsentReports } = lastCheckIn;
  if (activity.state !== 'idle') return `it is still ${activity.state}`;
  return unsentReports > 0 ? `${unsentReports} reports were never sent` : undefined;
}

async function whyNotServing(run: RunFolder, version: string, folder: ReleaseFolder): Promise<string[]> {
  const record = join(run.root, 'services', `${SERVICE}.json`);
  const inReleases = await processesIn(folder.paths.releases);
  const serving: string[] = [];
  for (const { pid, folder: at } of inReleases)
    if (await wasTold(pid, `FAIRLEAD_SERVICE=${record}`)) serving.push(basename(at));
  if (serving.length === 0) return ['its application does not run'];
  const others = serving.filter((name) => !name.startsWith(`${version}-`));
  if (others.length > 0) return [`its application runs from ${others.join(', ')}, not from ${version}`];
  const said = (await readFile(run.serving, 'utf8').catch(() => '')).trim();
  return said === version ? [] : [`its application says '${said}', not ${version}`];
}

/** What it told, and what it was promised for. */
function brokenWord({ story, before, now, marks }: RobotUnderTest, active: string | undefined): string[] {
  const broken = [...now.offences];
  for (const { deployment, version } of now.orders) {
    const ends = endsOf(now, deployment);
    if (ends.length > 1) broken.push(`the end of ${deployment} was told ${ends.length} times`);
    const [end] = ends;
    if (end === undefined) continue;
    if (end.outcome !== story.end && version === story.order.version) {
      broken.push(`${deployment} ended as ${end.outcome}: ${end.refusal?.category} ${end.refusal?.detail}`);
    }
  }
  const last = now.orders.at(-1);
  const end = last && endsOf(now, last.deployment).at(0);
  if (last && end && (end.outcome === 'succeeded') !== (active === last.version)) {
    broken.push(`it told ${end.outcome} of ${last.version} and runs ${active}`);
  }
  const acknowledged = acknowledgedVersion(before);
  if (acknowledged !== undefined && acknowledged === last?.version && active !== acknowledged) {
    broken.push(`the server had acknowledged ${acknowledged}, and it runs ${active}`);
  }
  const wanted = story.order.version;
  const isTest = (mark: string): boolean => mark === `${SMOKE_TEST_MARK}${wanted}`;
  const tests = marks.filter(isTest).length;
  if (tests > JOURNEY['smoke-test'].starts) {
    broken.push(`${wanted} was smoke-tested ${tests} times`);
  }
  const startedAt = marks.indexOf(`${START_MARK}${wanted}`);
  if (startedAt >= 0 && marks.slice(startedAt).some(isTest)) {
    broken.push(`${wanted} was smoke-tested again after it had been started`);
  }
  for (const report of now.reports) {
    if (report.event === 'alarm')
      broken.push(`it raised an alarm: ${report.refusal.category} ${report.refusal.detail}`);
  }
  return broken;
}

/** Nothing that reads as half-done, and nothing that could grow with every cut. */
async function leftovers(run: RunFolder, folder: ReleaseFolder): Promise<string[]> {
  const found: string[] = [];
  const { paths } = folder;
  const kept = new Set<string>();
  for (const slot of ['active', 'previous'] as const) {
    const release = await folder.slot(slot);
    if (release) kept.add(basename(paths.release(release)));
  }
  const releases = await names(paths.releases);
  found.push(...releases.filter((name) => !kept.has(name)).map((name) => `releases/${name} belongs to no slot`));
  const manifests = await names(paths.manifests);
  if (manifests.length > kept.size) found.push(`${manifests.length} manifests for ${kept.size} releases`);
  const backups = await names(paths.stateBackups);
  if (backups.length > MOST_BACKUPS) found.push(`${backups.length} state backups`);
  for (const name of await names(paths.folder))
    if (!COMPONENT_NAMES.has(name)) found.push(`${folder.component}/${name}`);
  for (const name of await names(join(run.root, 'launcher')))
    if (!LAUNCHER_NAMES.test(name)) found.push(`launcher/${name}`);
  for (const name of await names(join(run.root, 'downloads'))) found.push(`downloads/${name}`);
  for (const name of await names(run.root)) {
    if (!ROOT_NAMES.test(name)) found.push(name);
  }
  for (const name of await names(join(run.root, 'identity'))) {
    if (!IDENTITY_NAMES.test(name)) found.push(`identity/${name}`);
  }
  for (const name of await names(run.state)) if (name !== 'calibration') found.push(`state/${name}`);
  for (const part of ['', 'identity', 'outcomes', 'services', 'trust', `components/${folder.component}`]) {
    for (const name of await names(join(run.root, part))) if (name.includes(TEMP_MARK)) found.push(join(part, name));
  }
  return [...new Set(found)].map((name) => `left over: ${name}`);
}

const MOST_BACKUPS = 2;
const COMPONENT_NAMES = new Set(['active', 'previous', 'committed.json', 'manifests', 'releases', 'state-backups']);
const ROOT_NAMES = /^(components|downloads|identity|launcher|outcomes|services|trust|spool\.db(-wal|-shm)?)$/;
/** The launcher writes with one name for what is half-written, so that it never becomes more. */
const LAUNCHER_NAMES = /^starts(\.tmp)?$/;
const IDENTITY_NAMES = /^(robot\.key|robot\.json|reports-[0-9a-f]{12}\.json)$/;

const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

function outcomeOf(now: FleetState): string {
  const order = now.orders.at(-1);
  return (order && endsOf(now, order.deployment).at(0)?.outcome) ?? 'unknown';
}
