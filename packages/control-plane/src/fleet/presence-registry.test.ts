import type { RobotId } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import type { Heard } from '../store/presence.ts';
import type { Store } from '../store/store.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { INVENTORY, testRobot } from '../testing/test-robot.ts';
import { openPresenceRegistry } from './presence-registry.ts';

const duck = 'duck-1' as RobotId;

/** The store of a fleet with one robot, counting what is written of presence, and failing when told to. */
async function watchedStore() {
  const controlPlane = await testControlPlane();
  await testRobot(controlPlane, duck).enrol();
  const written: Heard[] = [];
  const batches: number[] = [];
  const disk = { full: false };
  const saveAll = async (heard: readonly Heard[]) => {
    batches.push(heard.length);
    if (disk.full) throw new Error('disk full');
    written.push(...heard);
    return batches.length;
  };
  const store: Store = {
    ...controlPlane.store,
    transaction: (work) =>
      controlPlane.store.transaction((slices) => work({ ...slices, presence: { ...slices.presence, saveAll } })),
  };
  return { registry: await openPresenceRegistry(store), written, batches, disk };
}

test('many check-ins of a robot are one row in the next batch', async () => {
  const { registry, written } = await watchedStore();
  for (let second = 0; second < 100; second++) registry.seen(duck, { bootId: 'b' }, second * 1000);
  expect(written).toEqual([]);
  await registry.flush();
  expect(written).toMatchObject([{ robot: duck, lastSeen: 99_000 }]);
  await registry.flush();
  expect(written).toHaveLength(1);
});

test('what a check-in does not repeat stays known', async () => {
  const { registry } = await watchedStore();
  registry.learn(duck, { inventory: INVENTORY });
  expect(registry.of(duck)?.lastSeen).toBeUndefined();
  registry.seen(duck, { bootId: 'b' }, 1000);
  expect(registry.of(duck)).toEqual({ robot: duck, lastSeen: 1000, facts: { inventory: INVENTORY, bootId: 'b' } });
});

test('the last check-in counts, also where the clock of this machine was set back before it', async () => {
  const { registry, written } = await watchedStore();
  registry.seen(duck, { bootId: 'before', agentVersion: '0.1.0' }, 3_600_000);
  await registry.flush();
  registry.seen(duck, { bootId: 'after' }, 1000);
  const heard = { robot: duck, lastSeen: 1000, facts: { bootId: 'after', agentVersion: '0.1.0' } };
  expect(registry.of(duck)).toEqual(heard);
  registry.seen(duck, { bootId: 'again' }, 2000);
  await registry.flush();
  expect(written.at(-1)).toEqual({ ...heard, lastSeen: 2000, facts: { ...heard.facts, bootId: 'again' } });
});

test('a batch that could not be written is in the next one', async () => {
  const { registry, written, disk } = await watchedStore();
  registry.seen(duck, {}, 1000);
  disk.full = true;
  await expect(registry.flush()).rejects.toThrow('disk full');
  disk.full = false;
  await registry.flush();
  expect(written).toMatchObject([{ robot: duck, lastSeen: 1000 }]);
});

test('a check-in during a flush is not lost', async () => {
  const { registry, written } = await watchedStore();
  registry.seen(duck, {}, 1000);
  const flushing = registry.flush();
  registry.seen(duck, {}, 2000);
  await Promise.all([flushing, registry.flush()]);
  expect(written.at(-1)).toMatchObject({ lastSeen: 2000 });
});

test('a whole fleet is written in small batches, and whoever speaks in between is served and not lost', async () => {
  const { registry, written, batches } = await watchedStore();
  const fleet = Array.from({ length: 1001 }, (_, at) => `robot-${at}` as RobotId);
  for (const robot of fleet) registry.seen(robot, {}, 1000);
  const flushing = registry.flush();
  setImmediate(() => registry.seen(fleet[1000] ?? duck, {}, 2000));
  await flushing;
  expect(batches).toEqual([200, 200, 200, 200, 200, 1]);
  expect(new Set(written.map(({ robot }) => robot)).size).toBe(1001);
  await registry.flush();
  expect(written.at(-1)).toMatchObject({ robot: fleet[1000], lastSeen: 2000 });
});

test('a batch that failed half-way through the fleet keeps nobody from the next flush', async () => {
  const { registry, written, disk } = await watchedStore();
  for (let at = 0; at < 500; at++) registry.seen(`robot-${at}` as RobotId, {}, 1000);
  setImmediate(() => void (disk.full = true));
  await expect(registry.flush()).rejects.toThrow('disk full');
  disk.full = false;
  await registry.flush();
  expect(new Set(written.map(({ robot }) => robot)).size).toBe(500);
});

/** Two replicas on one store that have not heard each other yet. */
async function twoRegistries() {
  const controlPlane = await testControlPlane();
  await testRobot(controlPlane, duck).enrol();
  const { store } = controlPlane;
  const stored = async () => (await store.presence.since(-1)).heard.find(({ robot }) => robot === duck);
  return { a: await openPresenceRegistry(store), b: await openPresenceRegistry(store), stored };
}

test('what only one replica was told survives the word of another', async () => {
  const { a, b, stored } = await twoRegistries();
  a.learn(duck, { inventory: INVENTORY });
  await a.flush();
  b.seen(duck, { bootId: 'b' }, 2000);
  await b.flush();
  const both = { robot: duck, lastSeen: 2000, facts: { inventory: INVENTORY, bootId: 'b' } };
  expect(await stored()).toEqual(both);
  expect(b.of(duck)).toEqual(both);
  await a.refresh();
  expect(a.of(duck)).toEqual(both);
});

test('an older word that is written later replaces no newer one, and adds what that one does not speak of', async () => {
  const { a, b, stored } = await twoRegistries();
  a.seen(duck, { bootId: 'old', agentVersion: '0.1.0' }, 1000);
  b.seen(duck, { bootId: 'new' }, 2000);
  await b.flush();
  await a.flush();
  const both = { robot: duck, lastSeen: 2000, facts: { bootId: 'new', agentVersion: '0.1.0' } };
  expect(await stored()).toEqual(both);
  expect(a.of(duck)).toEqual(both);
});

test('what a replica has not written yet outlives what it reads of the others', async () => {
  const { a, b } = await twoRegistries();
  b.seen(duck, { bootId: 'b' }, 2000);
  await b.flush();
  a.seen(duck, { bootId: 'a' }, 3000);
  await a.refresh();
  expect(a.of(duck)).toMatchObject({ lastSeen: 3000, facts: { bootId: 'a' } });
});

test('what a report says of a robot goes to the others ahead of the heartbeats', async () => {
  const { a, b, stored } = await twoRegistries();
  expect(await a.flushLearned()).toBe(false);
  a.seen('duck-2' as RobotId, { bootId: 'b' }, 1000);
  a.learn(duck, { components: [] });
  expect(await a.flushLearned()).toBe(true);
  expect(await stored()).toMatchObject({ facts: { components: [] } });
  await b.refresh();
  expect(b.of(duck)?.facts.components).toEqual([]);
  expect(b.of('duck-2' as RobotId)).toBeUndefined();
  expect(await a.flushLearned()).toBe(false);
});
