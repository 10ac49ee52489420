/** Whose turn it is, among many whom somebody else keeps. */
import type { RolloutId } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { expect, onTestFinished, test } from 'vitest';
import { kyselyStore } from '../store/kysely-store.ts';
import { migrate } from '../store/migrate.ts';
import { openSqlite } from '../store/sqlite-database.ts';
import type { Store } from '../store/store.ts';
import { deployment, duck, RO, rollout, withRollout } from '../store/testing/stored-rollout.ts';
import { nextFree, nobodyFree } from './next-free.ts';

const KEPT = 1100;
const lighter = { ...rollout('ro_0000000002' as RolloutId), createdAt: 0 };

/** A paused rollout keeps `KEPT` robots; a lighter one has their turn before that of the robots of `others`. */
async function withKept(others: number): Promise<Store> {
  const store = await withRollout(async () => {
    const database = openSqlite(':memory:');
    await migrate(database);
    const opened = kyselyStore(database);
    onTestFinished(() => opened.close());
    return opened;
  });
  const { rollouts, robots, deployments, desired } = store;
  const found = await rollouts.find(RO);
  const robot = await robots.find(duck(1));
  if (!found || !robot) throw new Error('both are there');
  await rollouts.replace({ ...found, generation: found.generation + 1, state: 'paused' });
  await rollouts.insert(lighter, { at: 0, by: 'eve', what: 'created' });
  const all = Array.from({ length: KEPT + others }, (_, index) => duck(index + 1));
  await store.transaction(async (slices) => {
    for (const name of all) await slices.robots.save({ ...robot, robot: name, keyid: sha256Hex(name) });
  });
  await rollouts.addMembers(
    lighter.rollout,
    all.map((name, index) => ({ robot: name, rank: index })),
  );
  await rollouts.takeIntoStage(lighter.rollout, 0, all);
  for (let n = 1; n <= KEPT; n += 1) {
    const order = deployment(n, 'waiting');
    await deployments.save(order);
    await desired.raise(order.robot);
    await desired.set(order.robot, order.component, order.deployment);
  }
  return store;
}

test('robots behind eleven hundred that a paused rollout keeps get their turn', async () => {
  const { members } = await nextFree(await withKept(3), lighter, 2);
  expect(members.map(({ robot }) => robot)).toEqual([duck(KEPT + 1), duck(KEPT + 2)]);
});

test('where all are kept it is told by whom, and how to end that', async () => {
  const { members, looked, keepers } = await nextFree(await withKept(0), lighter, 1);
  expect(members).toEqual([]);
  expect(looked).toBe(KEPT);
  expect(nobodyFree(lighter, keepers)).toMatchObject({
    detail: `The robots that are next are busy with other orders of this component: ${RO} (paused).`,
    hint: `Let the other one go on, or end it: fairlead rollout show ${RO}`,
  });
});
