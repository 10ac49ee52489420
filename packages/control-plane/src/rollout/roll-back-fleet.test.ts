import type { InputOf } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { ComponentName } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';

type RollbackBody = InputOf<(typeof operatorApi)['createRollback']>['body'];
const AT_ONCE = { strategy: 'all-at-once' } as const;

const versionsOrdered = async (fleet: RolloutFleet) => (await fleet.ordered()).map(({ order }) => order.target.version);

async function rollBack(fleet: RolloutFleet, more: Partial<RollbackBody> = {}) {
  const { component, v1 } = fleet;
  const body: RollbackBody = { target: { all: true }, component, toVersion: v1.version, ...more };
  const { rollout } = await fleet.operator.createRollback({ body });
  await fleet.drive();
  return { rollout };
}

test('a fleet goes back to the version that is named, though an older one is a downgrade everywhere', async () => {
  const fleet = await rolloutFleet(2);
  await fleet.everybodyRuns(fleet.v2);
  const params = await rollBack(fleet, { shape: AT_ONCE });
  expect(await fleet.operator.showRollout({ params })).toMatchObject({ members: 2, excluded: 0 });
  expect(await versionsOrdered(fleet)).toEqual(['1.0.0', '1.0.0']);
  await fleet.everybodyUpdates();
  expect(await fleet.operator.showRollout({ params })).toMatchObject({ state: 'completed' });
});

test('it goes in stages where nobody says that it is urgent', async () => {
  const fleet = await rolloutFleet(2);
  await fleet.everybodyRuns(fleet.v2);
  await rollBack(fleet);
  expect(await versionsOrdered(fleet)).toEqual(['1.0.0']);
});

test('a failed gate whose policy is a version sends the whole target there, those that run the newer one too', async () => {
  const fleet = await rolloutFleet(2);
  const v3 = await fleet.publisher.publish({ version: '3.0.0' });
  await fleet.everybodyRuns(fleet.v2);
  const { component, v1 } = fleet;
  const { version } = v3.manifest;
  const onFailure = { toVersion: v1.version };
  const body = { target: { all: true }, component, version, shape: AT_ONCE, onFailure } as const;
  const { rollout } = await fleet.operator.createRollout({ body });
  await fleet.drive();
  await fleet.everybodyUpdates('failed');
  const { followedBy } = await fleet.operator.showRollout({ params: { rollout } });
  if (followedBy === undefined) throw new Error('a rollback follows');
  expect(await fleet.operator.showRollout({ params: { rollout: followedBy } })).toMatchObject({
    members: 2,
    excluded: 0,
  });
});

test('a slip of the pen in the component is refused, and is no rollback of nobody that looks like success', async () => {
  const fleet = await rolloutFleet(1);
  const body = { target: { all: true }, component: 'duck-polcy' as ComponentName } as const;
  expect(await refusal(fleet.operator.createRollback({ body }))).toBe('not_found');
});
