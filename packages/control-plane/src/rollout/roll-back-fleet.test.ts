import type { InputOf } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { ComponentName } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import { type FleetRobot, installed } from '../testing/test-fleet.ts';

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

test('robots that are undone in the midst of their switch go to what they ran before it, and not one further', async () => {
  const fleet = await rolloutFleet(3);
  const { v1, v2, component, operator, robots } = fleet;
  const [first, second, third] = robots;
  if (!first || !second || !third) throw new Error('there are three robots');
  const v3 = await fleet.publisher.publish({ version: '3.0.0' });
  const ask = (robot: FleetRobot) => robot.ask({ understands: ['hold'], components: [installed(v2, v1)] });
  for (const robot of robots) await ask(robot);
  const { version } = v3.manifest;
  const body = { target: { all: true }, component, version, shape: AT_ONCE, onFailure: 'revert' } as const;
  await operator.createRollout({ body });
  await fleet.drive();
  const deploymentOf = async (robot: FleetRobot) => {
    const [order] = (await ask(robot)).assignment?.components ?? [];
    if (!order) throw new Error(`${robot.name} has no order`);
    return order.deployment;
  };
  const [ofFirst, ofSecond] = [await deploymentOf(first), await deploymentOf(second)];
  const begins = { event: 'update-state', component, state: 'switching' } as const;
  await first.tells({ ...begins, deployment: ofFirst });
  await second.tells({ ...begins, deployment: ofSecond });
  // One of them is ordered back at once, the other later: meanwhile it goes back by itself.
  await operator.changeLimits({ body: { maxStaging: 1 } });
  const ends = { event: 'update-ended', component } as const;
  await third.tells({ ...ends, deployment: await deploymentOf(third), outcome: 'failed' });
  await fleet.drive();
  const wanted = async (robot: FleetRobot) => {
    const { deployments } = await fleet.controlPlane.store.desired.of(robot.name);
    return deployments.map((one) => `${one.version} ${one.state}`)[0];
  };
  const [now, later] = (await wanted(first)) === '3.0.0 switching' ? [second, first] : [first, second];
  expect(await wanted(now)).toBe('2.0.0 pending');
  await later.tells({ ...ends, deployment: later === first ? ofFirst : ofSecond, outcome: 'rolled-back' });
  await operator.changeLimits({ body: { maxStaging: 10 } });
  await fleet.drive();
  expect(await wanted(later)).toBe('2.0.0 skipped');
});
