import type { ComponentName } from '@fairlead/shared/ids';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { embeddedStore } from './embedded-store.ts';
import { kyselyStore } from './kysely-store.ts';
import { migrate } from './migrate.ts';
import { rememberOrders } from './remember-orders.ts';
import { openSqlite } from './sqlite-database.ts';
import type { Slices, Store } from './store.ts';
import { describeStore } from './store-contract.ts';
import { deployment, duck, RO, rollout, withRollout } from './testing/stored-rollout.ts';

async function database() {
  const db = openSqlite(':memory:');
  await migrate(db);
  onTestFinished(() => db.destroy());
  return db;
}
const component = 'duck' as ComponentName;

describeStore('a database for itself, with all that is remembered of it', async () => embeddedStore(await database()));

/** A rollout over five robots, counting how often the database is asked for an order or a rollout. */
async function watched() {
  const inner = await withRollout(async () => kyselyStore(await database()));
  const asked = { of: 0, find: 0 };
  const namedOf: (readonly string[])[] = [];
  const store = rememberOrders({
    ...inner,
    desired: {
      ...inner.desired,
      of: (robot) => (asked.of++, inner.desired.of(robot)),
      named: (robots) => (namedOf.push(robots), inner.desired.named(robots)),
    },
    rollouts: { ...inner.rollouts, find: (id) => (asked.find++, inner.rollouts.find(id)) },
  });
  const order = (n: number) =>
    store.transaction(async ({ desired, deployments }) => {
      await desired.raise(duck(n));
      await deployments.save(deployment(n, 'pending'));
      await desired.set(duck(n), component, deployment(n, 'pending').deployment);
    });
  return { store, inner, asked, namedOf, order };
}

test('a robot without news costs no question to the database', async () => {
  const { store, asked, order } = await watched();
  await order(1);
  for (let time = 0; time < 5; time++) {
    expect((await store.desired.of(duck(1))).generation).toBe(1);
    expect((await store.desired.of(duck(2))).generation).toBe(0);
    expect((await store.rollouts.find(RO))?.state).toBe(rollout().state);
  }
  expect(asked).toEqual({ of: 2, find: 1 });
});

test('an order, its state and its withdrawal bind for the very next question', async () => {
  const { store, order } = await watched();
  const told = async () => {
    const { generation, deployments } = await store.desired.of(duck(1));
    return [generation, ...deployments.map(({ state }) => state)];
  };
  expect(await told()).toEqual([0]);
  await order(1);
  expect(await told()).toEqual([1, 'pending']);
  await store.deployments.save(deployment(1, 'offered'));
  expect(await told()).toEqual([1, 'offered']);
  await store.desired.unset(duck(1), component);
  expect(await told()).toEqual([1]);
});

test('a look at many robots asks only for those that are not known', async () => {
  const { store, asked, order, namedOf } = await watched();
  for (const n of [1, 2, 3]) await order(n);
  await store.desired.of(duck(1));
  await store.desired.of(duck(4));
  const many = await store.desired.named([1, 2, 3, 4, 5].map(duck));
  expect([...many.keys()].sort()).toEqual([duck(1), duck(2), duck(3)]);
  expect(many.get(duck(1))).toEqual([deployment(1, 'pending')]);
  expect(namedOf).toEqual([[duck(2), duck(3), duck(5)]]);
  expect(asked.of).toBe(2);
});

test('a pause binds for every robot of the rollout', async () => {
  const { store, order } = await watched();
  await order(1);
  await order(2);
  const see = async () => [
    (await store.rollouts.find(RO))?.state,
    (await store.desired.of(duck(1))).generation,
    (await store.desired.of(duck(2))).generation,
  ];
  expect(await see()).toEqual([rollout().state, 1, 1]);
  await store.transaction(async ({ rollouts }) => {
    await rollouts.replace({ ...rollout(), generation: 2, state: 'paused' });
    await rollouts.raiseOpen(RO);
  });
  expect(await see()).toEqual(['paused', 2, 2]);
});

test('a robot at work whose time begins anew has it anew for the very next question', async () => {
  const { store, order } = await watched();
  await order(1);
  const deadline = async () => (await store.desired.of(duck(1))).deployments[0]?.part?.deadline;
  expect(await deadline()).toBe(9000);
  await store.rollouts.renewDeadlines(RO, 20_000);
  expect(await deadline()).toBe(20_000);
});

test('a question that was on its way while something changed is not remembered', async () => {
  const inner = await withRollout(async () => kyselyStore(await database()));
  let arrive: () => void = () => undefined;
  const late = new Promise<void>((resolve) => (arrive = resolve));
  const slow: Store['desired'] = {
    ...inner.desired,
    async of(robot) {
      const found = await inner.desired.of(robot);
      await late;
      return found;
    },
  };
  const store = rememberOrders({ ...inner, desired: slow });
  const before = store.desired.of(duck(1));
  await store.desired.raise(duck(1));
  arrive();
  expect((await before).generation).toBe(0);
  expect((await store.desired.of(duck(1))).generation).toBe(1);
});

type Step = (slices: Pick<Slices, 'desired' | 'deployments' | 'rollouts'>) => Promise<unknown>;
const robot = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  robot.map<Step>(
    (n) =>
      ({ desired }) =>
        desired.of(duck(n)),
  ),
  robot.map<Step>(
    (n) =>
      ({ desired }) =>
        desired.raise(duck(n)),
  ),
  robot.map<Step>(
    (n) =>
      ({ desired }) =>
        desired.unset(duck(n), component),
  ),
  fc
    .tuple(robot, fc.constantFrom('pending' as const, 'offered' as const))
    .map<Step>(([n, state]) => async ({ desired, deployments }) => {
      await deployments.save(deployment(n, state));
      await desired.set(duck(n), component, deployment(n, state).deployment);
    }),
  fc.constant<Step>(({ rollouts }) => rollouts.raiseOpen(RO)),
  fc.constant<Step>(({ rollouts }) => rollouts.find(RO)),
  fc.integer({ min: 9, max: 99 }).map<Step>(
    (s) =>
      ({ rollouts }) =>
        rollouts.renewDeadlines(RO, s * 1000),
  ),
  fc.integer({ min: 2, max: 4 }).map<Step>(
    (generation) =>
      ({ rollouts }) =>
        rollouts.replace({ ...rollout(), generation, state: generation % 2 === 0 ? 'paused' : 'running' }),
  ),
);

test('whatever is done at once, in transactions or not, memory and database agree afterwards', async () => {
  const group = fc.record({ steps: fc.array(step, { maxLength: 5 }), together: fc.boolean(), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(group, { maxLength: 8 }), async (groups) => {
      const { store, inner } = await watched();
      await Promise.allSettled(
        groups.map(({ steps, together, fails }) =>
          together
            ? store.transaction(async (slices) => {
                for (const each of steps) await each(slices);
                if (fails) throw new Error('rolled back');
              })
            : Promise.all(steps.map((each) => each(store))),
        ),
      );
      expect(await store.rollouts.find(RO)).toEqual(await inner.rollouts.find(RO));
      const all = [1, 2, 3].map(duck);
      expect(await store.desired.named(all)).toEqual(await inner.desired.named(all));
      for (const n of [1, 2, 3]) expect(await store.desired.of(duck(n))).toEqual(await inner.desired.of(duck(n)));
    }),
    { numRuns: 30 },
  );
});
