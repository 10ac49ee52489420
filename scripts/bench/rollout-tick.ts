/**
 * What one look of the rollout engine costs, and that it does not depend on how many robots are idle:
 * `node scripts/bench/rollout-tick.ts [--robots 1000,10000,100000]`. Figures: docs/performance.md.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createOutput } from '@fairlead/cli/output';
import { deploymentIds, rolloutIds } from '@fairlead/control-plane/assign/deployment-id';
import { createEngine } from '@fairlead/control-plane/rollout/engine';
import { newRollout } from '@fairlead/control-plane/rollout/new-rollout';
import { openTestRules } from '@fairlead/control-plane/rollout/testing/test-rules';
import { soakWatcher } from '@fairlead/control-plane/rollout/watch-soak';
import type { Deployment } from '@fairlead/control-plane/store/deployments';
import { kyselyStore } from '@fairlead/control-plane/store/kysely-store';
import { migrate } from '@fairlead/control-plane/store/migrate';
import { openSqlite } from '@fairlead/control-plane/store/sqlite-database';
import type { Store } from '@fairlead/control-plane/store/store';
import type { ComponentName, DeploymentId, RobotId, RolloutId, Version } from '@fairlead/shared/ids';
import { allAtOnce } from '@fairlead/shared/rollout/strategy';
import { Clock } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { releaseTarget } from '@fairlead/shared/trust/names';
import { describeMachine } from './agent/machine.ts';

/** Robots that take part; all others are idle. */
const BUSY = 500;
const LOOKS = 200;
const PIECE = 500;
const NOW = Date.now();
const robot = (n: number) => `robot-${String(n).padStart(6, '0')}` as RobotId;

const { values } = parseArgs({ options: { robots: { type: 'string', default: '1000,10000,100000' } } });
const out = createOutput({ json: () => false, stdout: process.stdout, stderr: process.stderr, env: process.env });
const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-tick-'));
try {
  out.table(['', ''], await describeMachine());
  const rows: (string | number)[][] = [];
  for (const robots of values.robots.split(',').map(Number)) rows.push(await measure(robots));
  out.table(['robots', 'no rollout ms', 'nothing changed ms', 'one robot changed ms', 'all of 500 granted ms'], rows);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(robots: number): Promise<(string | number)[]> {
  const database = openSqlite(join(folder, `${robots}.db`));
  await migrate(database);
  const store = kyselyStore(database);
  await addRobots(store, robots);
  let now = NOW;
  const clock = new Clock(() => now);
  const id = rolloutIds(clock)();
  const rules = openTestRules();
  const engine = createEngine({
    store,
    clock,
    newId: deploymentIds(clock),
    newRolloutId: rolloutIds(clock),
    factsOf: () => ({}),
    statementOf: () => ({ facts: {}, at: undefined }),
    freshFacts: async () => undefined,
    wake: () => undefined,
    rules: () => rules,
    metricOf: () => undefined,
    lastSeen: () => now,
    startedAt: NOW,
    soak: soakWatcher({ startedAt: NOW, lastSeen: () => now, offlineAfterMs: () => 300_000 }),
    poke: () => undefined,
    audit: async () => undefined,
    holder: 'bench',
    onFailure: (cause) => {
      throw cause;
    },
  });
  const none = await timed(LOOKS, () => engine.tick());
  await addRollout(store, id);
  await engine.tick();
  const still = await timed(LOOKS, () => engine.tick());
  const open = await store.rollouts.open(id, { limit: BUSY });
  let next = 0;
  const changed = await timed(LOOKS, async () => {
    const deployment = open[next++];
    if (deployment) await store.deployments.save({ ...deployment, state: 'succeeded', endedAt: now });
    now += 1;
    await engine.tick();
  });
  for (const deployment of open.slice(next)) {
    const { part } = deployment;
    if (part) await store.deployments.save({ ...deployment, state: 'waiting', part: { ...part, readyAt: now } });
  }
  const grant = await timed(1, () => engine.tick());
  await store.close();
  return [robots, ...[none, still, changed, grant].map((ms) => ms.toFixed(2))];
}

async function timed(times: number, act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let n = 0; n < times; n += 1) await act();
  return (performance.now() - started) / times;
}

async function addRobots(store: Store, robots: number): Promise<void> {
  for (let at = 0; at < robots; at += PIECE) {
    await store.transaction(async (slices) => {
      for (let n = at; n < Math.min(robots, at + PIECE); n += 1) {
        const keyid = sha256Hex(robot(n));
        const labels = { site: `site-${n % 50}` };
        const record = {
          robot: robot(n),
          lifecycle: 'accepted',
          environment: 'production',
          labels,
          keyid,
          enrolledAt: NOW,
        } as const;
        await slices.robots.save(record);
      }
    });
  }
}

/** A stage in which every robot has its order and none is ready. */
async function addRollout(store: Store, id: RolloutId): Promise<void> {
  const component = 'duck-policy' as ComponentName;
  const version = '1.0.0' as Version;
  const spec = {
    kind: 'deploy',
    component,
    version,
    environment: 'production',
    target: { all: true },
    ...allAtOnce(),
    newRobots: 'leave-out',
    onFailure: 'pause',
    priority: 50,
  } as const;
  const rollout = newRollout({ id, spec: { ...spec, target: { all: true } }, by: 'bench', now: NOW });
  const progress = { state: 'running', size: BUSY, forgiven: 0, batchLeft: 0, startedAt: NOW } as const;
  await store.transaction(async ({ rollouts, deployments, desired }) => {
    const running = { ...rollout, state: 'running', members: BUSY, startedAt: NOW, stages: [progress] } as const;
    await rollouts.insert({ ...running, stages: [progress] }, { at: NOW, by: 'bench', what: 'created' });
    const members = Array.from({ length: BUSY }, (_, n) => ({ robot: robot(n), rank: n, stage: 0 }));
    await rollouts.addMembers(id, members);
    for (const member of members) {
      const deployment: Deployment = {
        deployment: `dep_${String(member.rank).padStart(12, '0')}` as DeploymentId,
        robot: member.robot,
        environment: 'production',
        component,
        version,
        target: releaseTarget('production', { component, version }),
        manifestSha256: sha256Hex('manifest'),
        manifestLength: 1000,
        kind: 'deploy',
        allowDowngrade: false,
        state: 'downloading',
        createdAt: NOW,
        createdBy: 'bench',
        part: { rollout: id, stage: 0, rank: member.rank, deadline: NOW + 86_400_000 },
      };
      await desired.raise(member.robot);
      await deployments.save(deployment);
    }
  });
}
