import type { EnvironmentName, RobotId } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { kyselyStore } from './kysely-store.ts';
import { migrate } from './migrate.ts';
import { rememberMetadata } from './remember-metadata.ts';
import { rememberRobots } from './remember-robots.ts';
import type { RobotRecord, Robots } from './robots.ts';
import { openSqlite } from './sqlite-database.ts';
import type { Store } from './store.ts';
import { describeStore } from './store-contract.ts';

async function database(): Promise<Store> {
  const db = openSqlite(':memory:');
  await migrate(db);
  const store = kyselyStore(db);
  onTestFinished(() => store.close());
  return store;
}

describeStore(
  'sqlite behind what is remembered of it',
  async () => rememberMetadata(rememberRobots(await database()).store).store,
);

const duck = 'duck-1' as RobotId;
const record = (more: Partial<RobotRecord> = {}): RobotRecord => ({
  robot: duck,
  lifecycle: 'accepted',
  environment: 'production' as EnvironmentName,
  labels: {},
  keyid: sha256Hex('key'),
  enrolledAt: 0,
  ...more,
});
const key = { keyid: sha256Hex('key'), robot: duck, publicKey: 'a'.repeat(64), addedAt: 0 };

/** A fleet of one robot, counting how often the database is asked for it. */
async function watched() {
  const inner = await database();
  const asked = { find: 0, findKey: 0, all: 0, named: 0, page: 0 };
  const robots: Robots = {
    ...inner.robots,
    find: (robot) => (asked.find++, inner.robots.find(robot)),
    findKey: (keyid) => (asked.findKey++, inner.robots.findKey(keyid)),
    all: () => (asked.all++, inner.robots.all()),
    named: (names) => (asked.named++, inner.robots.named(names)),
    page: (after, limit) => (asked.page++, inner.robots.page(after, limit)),
  };
  const remembering = rememberRobots({ ...inner, robots });
  await remembering.store.robots.save(record());
  await remembering.store.robots.insertKey(key);
  return { ...remembering, asked, inner };
}

test('a robot and its key are asked for once', async () => {
  const { store, asked } = await watched();
  for (let time = 0; time < 5; time++) {
    expect(await store.robots.find(duck)).toEqual(record());
    expect(await store.robots.findKey(key.keyid)).toEqual(key);
  }
  expect(asked).toMatchObject({ find: 1, findKey: 1 });
});

test('a fleet is read once; who joins or changes is asked for alone, and stands in its place', async () => {
  const { store, asked, inner, forget } = await watched();
  const names = async () => (await store.robots.all()).map(({ robot, lifecycle }) => `${robot} ${lifecycle}`);
  expect([await names(), await names()]).toEqual([['duck-1 accepted'], ['duck-1 accepted']]);
  expect(asked).toMatchObject({ page: 1, named: 0 });
  await store.robots.save(named('adder'));
  await store.robots.save(named('goose', { lifecycle: 'pending' }));
  expect(await names()).toEqual(['adder accepted', 'duck-1 accepted', 'goose pending']);
  await store.transaction(({ robots }) => robots.save(named('goose', { lifecycle: 'rejected' })));
  expect(await names()).toEqual(['adder accepted', 'duck-1 accepted', 'goose rejected']);
  expect(asked).toMatchObject({ page: 1, named: 2, find: 0 });
  await inner.robots.save(named('heron'));
  forget('heron' as RobotId);
  expect(await names()).toContain('heron accepted');
  await inner.robots.save(named('ibis'));
  forget();
  expect(await names()).toContain('ibis accepted');
});

test('a decommissioned robot and its blocked key are known as such to the very next reader', async () => {
  const { store } = await watched();
  await store.robots.find(duck);
  await store.robots.findKey(key.keyid);
  await store.transaction(async ({ robots }) => {
    await robots.blockKey(key.keyid, 9000);
    await robots.save(record({ lifecycle: 'decommissioned' }));
  });
  expect(await store.robots.find(duck)).toMatchObject({ lifecycle: 'decommissioned' });
  expect(await store.robots.findKey(key.keyid)).toMatchObject({ blockedAt: 9000 });
});

test('what a transaction wrote that was rolled back is not remembered', async () => {
  const { store } = await watched();
  const failing = store.transaction(async ({ robots }) => {
    await robots.save(record({ lifecycle: 'rejected' }));
    throw new Error('power cut');
  });
  await expect(failing).rejects.toThrow('power cut');
  expect(await store.robots.find(duck)).toMatchObject({ lifecycle: 'accepted' });
});

test('an answer that was on its way when the robot changed is given, but not remembered', async () => {
  const inner = await database();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const slow: Robots = {
    ...inner.robots,
    async find(robot) {
      const found = await inner.robots.find(robot);
      await held;
      return found;
    },
  };
  const { store } = rememberRobots({ ...inner, robots: slow });
  await store.robots.save(record());
  const asked = store.robots.find(duck);
  await new Promise((resolve) => setImmediate(resolve));
  await store.robots.save(record({ lifecycle: 'rejected' }));
  release();
  await asked;
  expect(await store.robots.find(duck)).toMatchObject({ lifecycle: 'rejected' });
});

test('a change by another process binds once it is told', async () => {
  const { store, forget, inner } = await watched();
  const look = async () => [
    (await store.robots.find(duck))?.lifecycle,
    (await store.robots.findKey(key.keyid))?.blockedAt,
  ];
  await look();
  await inner.robots.blockKey(key.keyid, 9000);
  await inner.robots.save(record({ lifecycle: 'decommissioned' }));
  expect(await look()).toEqual(['accepted', undefined]);
  forget('another' as RobotId);
  expect(await look()).toEqual(['accepted', undefined]);
  forget(duck);
  expect(await look()).toEqual(['decommissioned', 9000]);
  await inner.robots.save(record({ lifecycle: 'rejected' }));
  forget();
  expect(await look()).toEqual(['rejected', 9000]);
});

test('a fleet that was read is paged from memory, as the database pages it', async () => {
  const { store, inner, asked } = await watched();
  for (let n = 0; n < 40; n++) await store.robots.save(named(`robot-${String((n * 7) % 40).padStart(2, '0')}`));
  await store.robots.all();
  const before = { ...asked };
  const ends = [undefined, 'a', 'duck-1', 'robot-00', 'robot-17', 'robot-17a', 'robot-39', 'z'] as (
    | RobotId
    | undefined
  )[];
  for (const after of ends) {
    for (const limit of [1, 7, 100]) {
      expect(await store.robots.page(after, limit)).toEqual(await inner.robots.page(after, limit));
    }
  }
  expect(asked).toEqual(before);
  await store.robots.save(named('robot-17', { lifecycle: 'rejected' }));
  const [first] = await store.robots.page('robot-16' as RobotId, 1);
  expect(first).toMatchObject({ robot: 'robot-17', lifecycle: 'rejected' });
});

type Step = (robots: Robots) => Promise<unknown>;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({
      name: fc.constantFrom('a', 'b', 'c'),
      lifecycle: fc.constantFrom('accepted' as const, 'rejected' as const, 'decommissioned' as const),
    })
    .map(
      ({ name, lifecycle }) =>
        (robots: Robots) =>
          robots.save(named(name, { lifecycle })),
    ),
  fc.constantFrom('a', 'b', 'c').map((name) => (robots: Robots) => robots.blockKey(sha256Hex(name), 5000)),
  fc.constantFrom('a', 'b', 'c').map((name) => (robots: Robots) => robots.find(name as RobotId)),
  fc.constantFrom('a', 'b', 'c').map((name) => (robots: Robots) => robots.findKey(sha256Hex(name))),
  fc.constant((robots: Robots) => robots.all()),
);
const named = (name: string, more: Partial<RobotRecord> = {}) =>
  record({ robot: name as RobotId, keyid: sha256Hex(name), ...more });

test('whatever is done at once, in transactions or not, memory and database agree afterwards', async () => {
  const group = fc.record({ steps: fc.array(step, { maxLength: 4 }), together: fc.boolean(), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(group, { maxLength: 8 }), async (groups) => {
      const inner = await database();
      const { store } = rememberRobots(inner);
      for (const name of ['a', 'b', 'c']) {
        await store.robots.save(named(name));
        await store.robots.insertKey({ ...key, keyid: sha256Hex(name), robot: name as RobotId });
      }
      await Promise.allSettled(
        groups.map(({ steps, together, fails }) =>
          together
            ? store.transaction(async ({ robots }) => {
                for (const each of steps) await each(robots);
                if (fails) throw new Error('rolled back');
              })
            : Promise.all(steps.map((each) => each(store.robots))),
        ),
      );
      expect(await store.robots.all()).toEqual(await inner.robots.all());
      for (const name of ['a', 'b', 'c']) {
        expect(await store.robots.find(name as RobotId)).toEqual(await inner.robots.find(name as RobotId));
        expect(await store.robots.findKey(sha256Hex(name))).toEqual(await inner.robots.findKey(sha256Hex(name)));
      }
    }),
    { numRuns: 30 },
  );
});

test('published metadata is the newest for the very next reader, and not before it is published', async () => {
  const { store, forget } = rememberMetadata(await database());
  const newest = async () => (await store.metadata.newest('timestamp'))?.version;
  expect(await newest()).toBeUndefined();
  const add = (version: number) =>
    store.transaction(({ metadata }) => metadata.add({ role: 'timestamp', version, text: '{}' }, 0));
  await add(1);
  expect(await newest()).toBe(1);
  await add(2);
  expect(await newest()).toBe(2);
  await expect(add(2)).rejects.toThrow();
  expect(await newest()).toBe(2);
  forget();
  expect(await newest()).toBe(2);
});
