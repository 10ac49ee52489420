import { mkdtempSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { ComponentName, DeploymentId, RobotId, RolloutId, Version } from '@fairlead/shared/ids';
import type { RolloutSpec } from '@fairlead/shared/rollout/rollout-spec';
import { outcomesOf } from '@fairlead/shared/rollout/tally';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { HOUR, toTimestamp } from '@fairlead/shared/time';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { deploymentIds } from '../assign/deployment-id.ts';
import type { Deployment } from '../store/deployments.ts';
import { kyselyStore } from '../store/kysely-store.ts';
import { migrate } from '../store/migrate.ts';
import { openSqlite } from '../store/sqlite-database.ts';
import type { Store } from '../store/store.ts';
import { Killed, killableStore } from '../testing/killable-store.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testPublisher } from '../testing/test-publisher.ts';
import { testRobot } from '../testing/test-robot.ts';
import { createEngine, type Engine, type EngineDeps, LEASE_MS } from './engine.ts';
import { newRollout } from './new-rollout.ts';
import { openTestRules } from './testing/test-rules.ts';
import { soakWatcher } from './watch-soak.ts';

const ROBOTS = 5;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-engine-crash-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
let prepared: Promise<string> | undefined;

/** A release is published and robots are accepted: every try starts from a copy of this. */
async function prepare(): Promise<string> {
  const databaseFile = join(folder, 'prepared.db');
  const controlPlane = await testControlPlane({ databaseFile });
  const publisher = await testPublisher(controlPlane);
  await publisher.publish({ version: '2.0.0' });
  for (let n = 1; n <= ROBOTS; n += 1) {
    const robot = testRobot(controlPlane, `duck-${n}`);
    await robot.enrol();
    await publisher.operator.acceptRobot({ params: { robot: robot.name }, body: {} });
  }
  await controlPlane.stop();
  return databaseFile;
}

const SPEC: RolloutSpec = {
  kind: 'deploy',
  component: 'duck-policy' as ComponentName,
  version: '2.0.0' as Version,
  environment: 'development',
  target: { all: true },
  strategy: 'canary',
  stages: [
    { upTo: { count: 2 }, soakSec: 5 },
    { upTo: { percent: 100 }, batch: { size: 2, delaySec: 3 } },
  ],
  newRobots: 'leave-out',
  onFailure: 'pause',
  priority: 50,
};
const ID = 'ro_0123456789abc' as RolloutId;
/** Would bring the same robots to it later: the other one takes them all. */
const OLDER = 'ro_0123456789abb' as RolloutId;

interface World {
  readonly store: Store;
  readonly clock: ReturnType<typeof testClock>;
  engineOn(store: Store, holder?: string): Engine;
}

async function open(name: string): Promise<World> {
  const file = join(folder, `${name}.db`);
  await copyFile(await (prepared ??= prepare()), file);
  const database = openSqlite(file);
  await migrate(database);
  const store = kyselyStore(database);
  onTestFinished(() => store.close());
  const clock = testClock();
  const rollout = newRollout({ id: ID, spec: SPEC, by: 'ann', now: clock.now() });
  const later = toTimestamp(clock.now() + 9 * HOUR);
  const older = newRollout({ id: OLDER, spec: { ...SPEC, startAt: later }, by: 'ann', now: clock.now() - 1 });
  for (const one of [older, rollout]) {
    await store.rollouts.insert(one, { at: clock.now(), by: 'ann', what: 'created' });
  }
  const rules = openTestRules();
  const engineOn = (its: Store, holder = 'one'): Engine => {
    const deps: EngineDeps = {
      store: its,
      clock,
      newId: deploymentIds(clock),
      newRolloutId: () => ID,
      freshFacts: async () => undefined,
      factsOf: () => ({}),
      statementOf: () => ({ facts: {}, at: undefined }),
      wake: () => undefined,
      rules: () => rules,
      metricOf: () => undefined,
      lastSeen: () => clock.now(),
      startedAt: clock.now(),
      soak: soakWatcher({ startedAt: clock.now(), lastSeen: () => clock.now(), offlineAfterMs: () => 300_000 }),
      poke: () => undefined,
      audit: async () => undefined,
      holder,
      onFailure: (cause) => {
        if (!(cause instanceof Killed)) throw cause;
      },
    };
    return createEngine(deps);
  };
  return { store, clock, engineOn };
}

/** Every robot takes one step of its own: ready, or, where it was granted, done. */
async function robotsMove({ store, clock }: World): Promise<void> {
  const now = clock.now();
  for (const deployment of await store.rollouts.open(ID, { limit: 100 })) {
    const { part } = deployment;
    if (!part) continue;
    const next: Deployment =
      part.grantedAt === undefined
        ? { ...deployment, state: 'waiting', part: { ...part, readyAt: now } }
        : { ...deployment, state: 'succeeded', endedAt: now };
    await store.transaction(({ deployments }) => deployments.save(next, { at: now, state: next.state, by: 'robot' }));
  }
}

async function toTheEnd(world: World, engine: Engine): Promise<void> {
  for (let round = 0; round < 60; round += 1) {
    await engine.tick();
    if ((await world.store.rollouts.find(ID))?.state === 'completed') return;
    await robotsMove(world);
    world.clock.pass(1000);
  }
}

/** Counted from the rows themselves, by nobody who counts with them. */
async function expectWhole({ store }: World): Promise<void> {
  const rollout = await store.rollouts.find(ID);
  expect(rollout).toMatchObject({ state: 'completed', members: ROBOTS, stages: [{ size: 2 }, { size: 3 }] });
  expect(await store.rollouts.find(OLDER)).toMatchObject({ state: 'superseded', followedBy: ID });
  const members = await store.rollouts.members(ID, {}, { limit: 100 });
  expect(members.map(({ deployed }) => deployed?.state)).toEqual(Array(ROBOTS).fill('succeeded'));
  const tallies = await store.rollouts.tallies(ID);
  expect([...tallies].map(([stage, tally]) => [stage, outcomesOf(tally).succeeded, tally.unplaced])).toEqual([
    [0, 2, 0],
    [1, 3, 0],
  ]);
  const ordered = new Map<RobotId, DeploymentId[]>();
  for (const { robot, deployment } of await store.deployments.list({}, { limit: 100 })) {
    ordered.set(robot, [...(ordered.get(robot) ?? []), deployment]);
  }
  expect([...ordered.values()].map((list) => list.length)).toEqual(Array(ROBOTS).fill(1));
  expect((await store.rollouts.open(ID, { limit: 10 })).filter(({ state }) => !isTerminal(state))).toEqual([]);
  const happened = (await store.rollouts.events(ID)).map(({ what }) => what);
  for (const once of ['started', 'completed']) expect(happened.filter((what) => what === once)).toEqual([once]);
  expect(happened.filter((what) => what === 'stage-passed')).toHaveLength(2);
}

describe('a server that is killed at any write of its engine', () => {
  test.each(['before', 'after'] as const)(
    'goes on exactly: killed just %s it is durable',
    async (when) => {
      const whole = await open(`whole-${when}`);
      const counting = killableStore(whole.store, Infinity, when);
      await toTheEnd(whole, whole.engineOn(counting));
      await expectWhole(whole);
      const writes = counting.writes();
      expect(writes).toBeGreaterThan(20);
      for (let killAt = 1; killAt <= writes; killAt += 1) {
        const world = await open(`${when}-${killAt}`);
        await toTheEnd(world, world.engineOn(killableStore(world.store, killAt, when)));
        // The next server begins with nothing but the database, and when the dead one's lease is over.
        world.clock.pass(LEASE_MS + 1000);
        await toTheEnd(world, world.engineOn(world.store, 'two'));
        await expectWhole(world);
      }
    },
    240_000,
  );
});

describe('two servers on one database', () => {
  test('never drive one rollout at the same time', async () => {
    const world = await open('two-at-once');
    const [one, two] = [world.engineOn(world.store, 'one'), world.engineOn(world.store, 'two')];
    for (let round = 0; round < 60; round += 1) {
      await Promise.all([one.tick(), two.tick()]);
      await robotsMove(world);
      world.clock.pass(1000);
    }
    await expectWhole(world);
  });

  test('one that slept past its lease in mid-step writes nothing when it wakes', async () => {
    const world = await open('sleeper');
    const woken = Promise.withResolvers<void>();
    let sleeps = 0;
    // It falls asleep after it has decided, right before its fourth write.
    const drowsy: Store = {
      ...world.store,
      transaction: async (work) => {
        sleeps += 1;
        if (sleeps === 4) await woken.promise;
        return world.store.transaction(work);
      },
    };
    const asleep = world.engineOn(drowsy, 'sleeper').tick();
    await new Promise((resolve) => setTimeout(resolve, 50));
    world.clock.pass(LEASE_MS + 1000);
    await toTheEnd(world, world.engineOn(world.store, 'other'));
    const before = await world.store.rollouts.find(ID);
    woken.resolve();
    await asleep;
    expect(await world.store.rollouts.find(ID)).toEqual(before);
    await expectWhole(world);
  });
});
