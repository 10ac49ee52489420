/** A robot whose agent is killed: how it is set up, lives, and what must hold of its disk afterwards. */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteSpool } from '@fairlead/agent/outbox/sqlite-spool';
import { layoutOf } from '@fairlead/agent/releases/layout';
import { openReleaseFolder } from '@fairlead/agent/releases/release-folder';
import { ComponentName, DeploymentId } from '@fairlead/shared/ids';
import { identify, manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { unevenClock } from '@fairlead/shared/testing/test-clock';
import { measureTree } from '@fairlead/toolkit/bundle/measure-tree';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { pack } from '@fairlead/toolkit/bundle/testing/bundle-workshop';
import { build } from 'esbuild';
import { Parse } from 'typebox/value';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import type { Life } from './robot-process.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache');
const PROCESS = join(CACHE, `robot-process-${process.pid}.mjs`);
const DUCK = Parse(ComponentName, 'duck-policy');
/** As one file the agent starts seven times faster, and these tests start it hundreds of times. */
beforeAll(() =>
  build({
    entryPoints: [join(import.meta.dirname, 'robot-process.ts')],
    outfile: PROCESS,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['better-sqlite3'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  }),
);
afterAll(() => rm(PROCESS, { force: true }));

type Order = NonNullable<Life['order']>;

export interface MortalRobot {
  readonly root: string;
  readonly world: string;
  readonly orders: readonly [v1: Order, v2: Order];
}

/** A robot on which nothing was ever installed, and two releases on its server. Its state lies in its world. */
export async function newRobot(): Promise<MortalRobot> {
  const home = await newHome();
  const [root, world] = [join(home, 'agent'), join(home, 'world')];
  for (const folder of [root, world, join(world, 'state')]) await mkdir(folder);
  await writeFile(join(world, 'state/calibration'), 'factory');
  const order = async (version: string, releaseCounter: number): Promise<Order> => {
    const files = [{ path: 'policy.onnx', content: `weights of ${version} `.repeat(200) }];
    const packed = await pack(files);
    const manifest = sampleManifest(files, {
      version,
      services: ['duck'],
      probation: { seconds: 10 },
      // Each robot's agent works in its own world: one manifest, many disks.
      state: { backup: ['/proc/self/cwd/state'] },
      bundle: packed.manifest.bundle,
    });
    await cp(packed.bundle, join(world, manifest.bundle.sha256));
    const bytes = manifestBytes(manifest);
    return {
      deployment: Parse(DeploymentId, `dep_000000000${releaseCounter}`),
      component: DUCK,
      candidate: { ...identify(manifest, bytes), releaseCounter },
      manifest,
      manifestBytes: Buffer.from(bytes).toString('base64'),
    };
  };
  return { root, world, orders: [await order('1.0.0', 1), await order('2.0.0', 2)] };
}

/** The same robot once more, on a disk of its own. */
export async function cloneOf(robot: MortalRobot): Promise<MortalRobot> {
  const home = await newHome();
  const clone = { ...robot, root: join(home, 'agent'), world: join(home, 'world') };
  await cp(robot.root, clone.root, { recursive: true, verbatimSymlinks: true });
  await cp(robot.world, clone.world, { recursive: true });
  return clone;
}

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'fairlead-crash-'));
  onTestFinished(() => removeTree(home));
  return home;
}

/** One life of the agent: ended by itself (`lived`) or killed. `under` is a tracer's command line. */
export async function live(
  robot: MortalRobot,
  life: Omit<Life, 'root' | 'world'>,
  under: readonly string[] = [],
): Promise<'lived' | 'killed'> {
  const order: Life = { root: robot.root, world: robot.world, ...life };
  const [program, ...args] = [...under, process.execPath, PROCESS, JSON.stringify(order)];
  // One thread for the disk: the n-th call is then the same call in every run.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0', NODE_NO_WARNINGS: '1' };
  const child = spawn(program, args, { env, cwd: robot.world, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const end = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  if (end === 0) return 'lived';
  if (end === 'SIGKILL') return 'killed';
  throw new Error(`the agent ended with ${end}: ${complaints}`);
}

export interface Afterwards {
  readonly active: string | undefined;
  /** `outcome` of every end of `deployment` that the robot will tell its server. */
  readonly told: readonly string[];
  readonly smokeTests: number;
}

/** Checks what must hold wherever it was killed, and tells the rest. */
export async function afterwards(robot: MortalRobot, deployment: string): Promise<Afterwards> {
  const layout = layoutOf(robot.root);
  const folder = await openReleaseFolder(layout, DUCK, measureTree);
  const active = await folder.slot('active');
  const committed = await folder.committed();
  // The three that must agree: the link, the mark and what really runs.
  expect(active?.manifestSha256).toBe(committed?.active.manifestSha256);
  const running = await readFile(join(robot.world, 'duck.running'), 'utf8').catch(() => undefined);
  expect(running?.split('-')[0]).toBe(active?.version);
  if (active) expect(await folder.measure(active, 'verify')).toMatchObject({ ok: true });
  // Nothing is left that could read as installed, half-done or in progress.
  const kept = [active, await folder.slot('previous')].flatMap((release) => release?.version ?? []);
  const found = (await readdir(folder.paths.releases)).map((name) => name.slice(0, name.lastIndexOf('-')));
  expect(new Set(found)).toEqual(new Set(kept));
  // The state is that of the release that runs: 2.0.0 spoils it as soon as it starts.
  const calibration = await readFile(join(robot.world, 'state/calibration'), 'utf8');
  expect(calibration).toBe(active?.version === '2.0.0' ? 'spoilt by 2.0.0' : 'factory');
  expect(await readdir(layout.downloads)).toEqual([]);
  const names = (await readdir(robot.root)).filter((name) => !name.startsWith('spool.db'));
  expect(names.toSorted()).toEqual(['components', 'downloads']);
  const smokeTests = await readFile(join(robot.world, 'smoke-tests.log'), 'utf8').catch(() => '');
  return {
    active: active?.version,
    told: endsTold(robot, deployment),
    smokeTests: smokeTests.split('\n').filter((line) => line === '2.0.0').length,
  };
}

function endsTold(robot: MortalRobot, deployment: string): string[] {
  const clock = Object.assign(unevenClock(Date.now), { trust: () => 'system' as const });
  const spool = openSqliteSpool({
    file: join(robot.root, 'spool.db'),
    bootId: 'boot',
    clock,
    onTrouble: console.error,
  });
  try {
    return spool
      .oldest(1000)
      .flatMap(({ body }) => (body.event === 'update-ended' && body.deployment === deployment ? [body.outcome] : []));
  } finally {
    spool.close();
  }
}
