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
  const disk = { full: false };
  const store: Store = {
    ...controlPlane.store,
    transaction: (work) => {
      if (disk.full) return Promise.reject(new Error('disk full'));
      return controlPlane.store.transaction((slices) => {
        const save = async (heard: Heard) => void written.push(heard);
        return work({ ...slices, presence: { ...slices.presence, save } });
      });
    },
  };
  return { registry: await openPresenceRegistry(store), written, disk };
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
