/** What a newer rollout does to an older one of the same component. */
import { HOUR, toTimestamp } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { AT_ONCE, type CreateBody, createAtOnce, showRollout } from '../testing/create-rollout.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';

async function fleetInTwoGroups() {
  const fleet = await rolloutFleet(3);
  for (const [index, { name }] of fleet.robots.entries()) {
    await fleet.operator.changeRobot({ params: { robot: name }, body: { group: index === 0 ? 'north' : 'south' } });
  }
  await fleet.everybodyRuns(fleet.v1);
  await fleet.publisher.publish({ version: '3.0.0' });
  return fleet;
}

const later = (fleet: RolloutFleet) => ({ startAt: toTimestamp(fleet.clock.now() + 4 * HOUR) });
const V3 = '3.0.0' as CreateBody['version'];

describe('only a rollout that takes every robot of an older one ends it', () => {
  test('a scheduled rollout for other robots is still there, and happens', async () => {
    const fleet = await fleetInTwoGroups();
    const older = await createAtOnce(fleet, { target: { group: 'south' }, ...later(fleet) });
    await createAtOnce(fleet, { target: { group: 'north' }, version: V3 });
    expect(await showRollout(fleet, older)).toMatchObject({ state: 'scheduled' });
    fleet.clock.pass(5 * HOUR);
    await fleet.drive();
    expect(await showRollout(fleet, older)).toMatchObject({ state: 'running', members: 2 });
  });

  test('a rollout that waits for approval for other robots still waits for it', async () => {
    const fleet = await fleetInTwoGroups();
    const body = { approvals: 'one' } as const;
    await fleet.operator.changeEnvironment({ params: { environment: 'development' }, body });
    const older = await createAtOnce(fleet, { target: { group: 'south' } });
    expect(await showRollout(fleet, older)).toMatchObject({ state: 'awaiting-approval' });
    await fleet.operator.changeEnvironment({ params: { environment: 'development' }, body: { approvals: 'none' } });
    await createAtOnce(fleet, { target: { group: 'north' }, version: V3 });
    expect(await showRollout(fleet, older)).toMatchObject({ state: 'awaiting-approval' });
  });

  test('a scheduled one of which every robot is taken ends, says why, and the people involved are notified', async () => {
    const fleet = await fleetInTwoGroups();
    const older = await createAtOnce(fleet, { target: { group: 'south' }, ...later(fleet) });
    const newer = await createAtOnce(fleet, { version: V3 });
    const view = await showRollout(fleet, older);
    expect(view).toMatchObject({ state: 'superseded', followedBy: newer });
    expect(view.stopped?.why.detail).toContain(`Rollout ${newer}`);
    const { items } = await fleet.operator.listNotices();
    expect(items).toMatchObject([{ action: 'rollout.superseded', element: older }]);
    expect(items[0]?.detail).toContain(`created by ${view.createdBy}`);
  });

  test('of two that share some robots the newer takes those, and the older goes to the others', async () => {
    const fleet = await fleetInTwoGroups();
    const older = await createAtOnce(fleet, later(fleet));
    const rollback = { target: { group: 'north' }, component: fleet.component, toVersion: fleet.v1.version } as const;
    await createAtOnce(fleet, { target: { group: 'north' } });
    await fleet.everybodyUpdates();
    const { rollout } = await fleet.operator.createRollback({ body: { ...rollback, ...AT_ONCE } });
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({ state: 'completed' });
    fleet.clock.pass(5 * HOUR);
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, older)).toMatchObject({ state: 'completed', excluded: 1 });
    const { items } = await fleet.operator.listRolloutRobots({
      params: { rollout: older },
      query: { excluded: 'only' },
    });
    expect(items).toMatchObject([{ robot: 'duck-1', excluded: { category: 'taken_by_newer' } }]);
  });
});
