/** What a process leaves behind that dies after it has ended a rollout and before it has withdrawn its orders. */
import { MINUTE } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { rolloutFleet } from '../testing/rollout-fleet.ts';
import { changeRollout } from './change-rollout.ts';

test('orders that an interrupted abort left open are withdrawn', async () => {
  const fleet = await rolloutFleet(1);
  const { store, clock } = fleet.controlPlane;
  await fleet.everybodyRuns(fleet.v1);
  const { component, v2 } = fleet;
  const body = { target: { all: true }, component, version: v2.version, shape: { strategy: 'blue-green' } } as const;
  const { rollout } = await fleet.operator.createRollout({ body });
  await fleet.drive();
  await fleet.everybodyUpdates();
  const found = await store.rollouts.find(rollout);
  if (!found) throw new Error('it was created');
  const change = { state: 'aborted', endedAt: clock.now() } as const;
  await store.transaction((slices) => changeRollout(slices, found, change, clock.now()));
  expect(await store.rollouts.open(rollout, { limit: 1 })).toHaveLength(1);
  clock.pass(11 * MINUTE);
  await fleet.drive();
  expect(await store.rollouts.open(rollout, { limit: 1 })).toEqual([]);
  const { items } = await fleet.operator.listRolloutRobots({ params: { rollout }, query: {} });
  expect(items).toMatchObject([{ state: 'cancelled', refusal: { detail: 'Its rollout was aborted.' } }]);
});
