/** Going back: to the robots that run what is undone, once, and never onto it again. */
import type { RolloutId } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';

const blueGreen = { strategy: 'blue-green' } as const;
const canary = {
  strategy: 'custom',
  stages: [{ upTo: { count: 1 }, gate: { maxFailures: 0 } }, { upTo: { percent: 100 } }],
} as const;

async function create(
  fleet: RolloutFleet,
  shape: typeof blueGreen | typeof canary,
  more: { readonly onFailure?: 'revert'; readonly newRobots?: 'include' } = {},
): Promise<RolloutId> {
  const stages = 'stages' in shape ? { ...shape, stages: [...shape.stages] } : shape;
  const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version, ...more } as const;
  const { rollout } = await fleet.operator.createRollout({ body: { ...body, shape: stages } });
  await fleet.drive();
  return rollout;
}
const versions = async (fleet: RolloutFleet) => (await fleet.ordered()).map(({ order }) => order.target.version);

test('robots that went back already stay where they are when somebody undoes the same rollout again', async () => {
  const fleet = await rolloutFleet(2);
  await fleet.everybodyRuns(fleet.v1);
  const params = { rollout: await create(fleet, blueGreen) };
  await fleet.everybodyUpdates();
  await fleet.operator.switchRollout({ params, body: {} });
  await fleet.everybodyUpdates();
  await fleet.operator.switchBackRollout({ params, body: {} });
  await fleet.drive();
  await fleet.everybodyUpdates();
  const { items } = await fleet.operator.previewTarget({ body: { target: { updatedBy: params.rollout } } });
  expect(items).toEqual([]);
  await fleet.operator.switchBackRollout({ params, body: {} });
  await fleet.drive();
  expect(await versions(fleet)).toEqual([]);
});

test('what is being undone is not promoted, retried or resumed beside it', async () => {
  const fleet = await rolloutFleet(3);
  await fleet.everybodyRuns(fleet.v1);
  const params = { rollout: await create(fleet, canary, { onFailure: 'revert' }) };
  await fleet.everybodyUpdates('rolled-back');
  expect(await fleet.operator.showRollout({ params })).toMatchObject({ state: 'halted' });
  const { promoteRollout, resumeRollout, retryRollout } = fleet.operator;
  for (const say of [promoteRollout, resumeRollout, retryRollout]) {
    expect(await refusal(say({ params, body: {} }))).toBe('conflict');
  }
});

test('a robot that joins after a rollout was undone is not brought to what was undone', async () => {
  const fleet = await rolloutFleet(1);
  await fleet.everybodyRuns(fleet.v1);
  const params = { rollout: await create(fleet, blueGreen, { newRobots: 'include' }) };
  await fleet.everybodyUpdates();
  await fleet.operator.switchRollout({ params, body: {} });
  await fleet.everybodyUpdates();
  await fleet.operator.switchBackRollout({ params, body: {} });
  const late = await fleet.robot('late-1');
  for (let asked = 1; asked <= 5; asked += 1) {
    await fleet.drive();
    expect((await late.ask({ understands: ['hold'] })).assignment?.components).toEqual([]);
  }
  expect(await fleet.operator.showRollout({ params })).toMatchObject({ state: 'completed', members: 1 });
});

/** A fleet of which every robot has switched to 2.0.0, and that takes newcomers along. */
async function fleetWithNewcomers() {
  const fleet = await rolloutFleet(1);
  await fleet.everybodyRuns(fleet.v1);
  const params = { rollout: await create(fleet, blueGreen, { newRobots: 'include' }) };
  await fleet.everybodyUpdates();
  await fleet.operator.switchRollout({ params, body: {} });
  await fleet.everybodyUpdates();
  fleet.clock.pass(1000);
  return { fleet, params };
}

test('a robot that joins after the whole fleet was rolled back is not brought to what it was rolled back from', async () => {
  const { fleet } = await fleetWithNewcomers();
  const shape = { strategy: 'all-at-once' } as const;
  await fleet.operator.createRollback({ body: { target: { all: true }, component: fleet.component, shape } });
  await fleet.drive();
  await fleet.everybodyUpdates();
  const late = await fleet.robot('late-1');
  await fleet.drive();
  expect((await late.ask({ understands: ['hold'] })).assignment?.components).toEqual([]);
});

test('a newer rollout for other robots does not keep a newcomer from the release of its own', async () => {
  const { fleet } = await fleetWithNewcomers();
  const [robot] = fleet.robots;
  if (!robot) throw new Error('there is a robot');
  const { component, v1 } = fleet;
  const shape = { strategy: 'all-at-once' } as const;
  const target = { robot: robot.name } as const;
  const body = { target, component, version: v1.version, shape, allowDowngrade: true } as const;
  await fleet.operator.createRollout({ body });
  await fleet.drive();
  const late = await fleet.robot('late-1');
  await fleet.drive();
  const { assignment } = await late.ask({ understands: ['hold'] });
  expect(assignment?.components).toMatchObject([{ target: { version: '2.0.0' } }]);
});
