/**
 * What must hold of a robot that was cut off anywhere, once it had its time: read the list as sentences. It looks at
 * the disk, at the processes and at what the server was told, and asks the agent for nothing.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ComponentName } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { measureTree } from '@fairlead/toolkit/bundle/measure-tree';
import { TEMP_MARK } from '@fairlead/toolkit/durable-files';
import { layoutOf } from '../releases/layout.ts';
import { openReleaseFolder, type ReleaseFolder } from '../releases/release-folder.ts';
import { processesIn, servesAs } from './robot/agent-process.ts';
import type { RunFolder } from './robot/run-folder.ts';
import type { Story } from './stories.ts';
import { COMPONENT, type Fleet, SERVICE } from './world/fleet.ts';
import { acknowledgedVersion, endsOf, type FleetState } from './world/fleet-state.ts';
import { stateOf } from './world/robot-application.ts';
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
  /** Marks of smoke tests, from before the cut too. */
  readonly smokeTests: readonly string[];
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
  const component = parse(ComponentName, COMPONENT);
  if (!component.ok) throw new Error('the campaign names no component');
  const folder = await openReleaseFolder(layoutOf(robot.run.root), component.value, measureTree);
  const active = await folder.slot('active');
  if (active) {
    const measured = await folder.measure(active, 'verify');
    if (!measured.ok) lost.push(`its active release is not what was signed: ${measured.refused.detail}`);
    if (active.manifestSha256 !== robot.fleet.targets[active.version]?.sha256) {
      lost.push(`its active release ${active.version} was never published`);
    }
    lost.push(...(await whyNotServing(robot.run, active.version, folder)));
  } else lost.push('it has no active release');

  const committed = await folder.committed();
  if (committed?.active.manifestSha256 !== active?.manifestSha256) {
    broken.push(`its committed mark says ${committed?.active.version}, its active link ${active?.version}`);
  }
  broken.push(...brokenWord(robot, active?.version), ...(await leftovers(robot.run, folder)));
  const state = await readFile(join(robot.run.state, 'calibration'), 'utf8').catch(() => 'nothing');
  if (active && state !== stateOf(active.version)) {
    broken.push(`its state says '${state.trim()}' under ${active.version}`);
  }
  return { lost, broken, outcome: outcomeOf(robot.now) };
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
  for (const { pid, folder: at } of inReleases) if (await servesAs(pid, record)) serving.push(basename(at));
  if (serving.length === 0) return ['its application does not run'];
  const others = serving.filter((name) => !name.startsWith(`${version}-`));
  if (others.length > 0) return [`its application runs from ${others.join(', ')}, not from ${version}`];
  const said = (await readFile(run.serving, 'utf8').catch(() => '')).trim();
  return said === version ? [] : [`its application says '${said}', not ${version}`];
}

/** What it told, and what it was promised for. */
function brokenWord({ story, before, now, smokeTests }: RobotUnderTest, active: string | undefined): string[] {
  const broken = [...now.offences];
  for (const { deployment, version } of now.orders) {
    const ends = endsOf(now, deployment);
    if (ends.length > 1) broken.push(`the end of ${deployment} was told ${ends.length} times`);
    const [end] = ends;
    if (end === undefined) continue;
    const isInterrupted = end.outcome === 'failed' && end.refusal?.category === 'interrupted';
    // The one step that is begun at most once: a cut in it can't be told from a model that takes the machine down.
    const mayFail = isInterrupted && end.refusal?.phase === 'smoke-test';
    if (end.outcome !== story.end && version === story.order && !mayFail) {
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
  const tests = smokeTests.filter((version) => version === story.order).length;
  if (tests > now.orders.filter(({ version }) => version === story.order).length) {
    broken.push(`${story.order} was smoke-tested ${tests} times`);
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
  for (const name of await names(paths.folder)) if (!COMPONENT_NAMES.has(name)) found.push(`${COMPONENT}/${name}`);
  for (const name of await names(join(run.root, 'downloads'))) found.push(`downloads/${name}`);
  for (const name of await names(run.root)) {
    if (!ROOT_NAMES.test(name)) found.push(name);
  }
  for (const name of await names(join(run.root, 'identity'))) {
    if (!IDENTITY_NAMES.test(name)) found.push(`identity/${name}`);
  }
  for (const name of await names(run.state)) if (name !== 'calibration') found.push(`state/${name}`);
  for (const part of ['', 'identity', 'services', 'trust', `components/${COMPONENT}`]) {
    for (const name of await names(join(run.root, part))) if (name.includes(TEMP_MARK)) found.push(join(part, name));
  }
  return [...new Set(found)].map((name) => `left over: ${name}`);
}

const MOST_BACKUPS = 2;
const COMPONENT_NAMES = new Set(['active', 'previous', 'committed.json', 'manifests', 'releases', 'state-backups']);
const ROOT_NAMES = /^(components|downloads|identity|services|trust|spool\.db(-wal|-shm)?)$/;
const IDENTITY_NAMES = /^(robot\.key|robot\.json|reports-[0-9a-f]{12}\.json)$/;

const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

function outcomeOf(now: FleetState): string {
  const order = now.orders.at(-1);
  return (order && endsOf(now, order.deployment).at(0)?.outcome) ?? 'unknown';
}
