import type { InputOf } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Assignment } from '@fairlead/shared/trust/assignment';
import { describe, expect, test } from 'vitest';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';

type Create = InputOf<(typeof operatorApi)['createRollout']>['body'];

const create = async (fleet: RolloutFleet, more: Partial<Create> = {}) => {
  const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version, ...more } as Create;
  const { rollout } = await fleet.operator.createRollout({ body });
  await fleet.drive();
  return rollout;
};
const show = (fleet: RolloutFleet, rollout: Awaited<ReturnType<typeof create>>) =>
  fleet.operator.showRollout({ params: { rollout } });
const holdOf = (assignment: Assignment | undefined) => assignment?.components[0]?.hold?.category;

describe('a staged rollout', () => {
  test('goes to a tenth first, soaks, then to half, then to all', async () => {
    const fleet = await rolloutFleet(10);
    const id = await create(fleet);
    expect(await show(fleet, id)).toMatchObject({ state: 'running', members: 10, stage: 0 });
    expect(await fleet.ordered()).toHaveLength(1);
    await fleet.everybodyUpdates();
    expect(await show(fleet, id)).toMatchObject({
      stages: [{ state: 'soaking', size: 1 }, { state: 'pending' }, { state: 'pending' }],
      blocked: { why: { category: 'soaking' } },
    });
    await fleet.soak(300_000);
    expect(await fleet.ordered()).toHaveLength(4);
    await fleet.everybodyUpdates();
    await fleet.soak(600_000);
    await fleet.everybodyUpdates();
    expect(await show(fleet, id)).toMatchObject({
      state: 'completed',
      stages: [{ size: 1 }, { size: 4 }, { size: 5, state: 'passed', counts: { states: { succeeded: 5 } } }],
    });
  });

  test('holds every robot until it is ready and granted', async () => {
    const fleet = await rolloutFleet(1);
    await create(fleet, { shape: { strategy: 'all-at-once' } });
    const [robot] = fleet.robots;
    const first = await robot?.ask({ understands: ['hold'] });
    expect(holdOf(first?.assignment)).toBe('awaits_grant');
    expect(first?.assignment?.components[0]?.confirm).toBe(true);
    const deployment = first?.assignment?.components[0]?.deployment;
    if (!robot || !deployment) throw new Error('it was ordered');
    const ready = { state: 'waiting', deployment, component: fleet.component, ready: true } as const;
    expect(holdOf((await robot.ask({ understands: ['hold'], activity: ready })).assignment)).toBe('awaits_grant');
    await fleet.drive();
    const granted = await robot.ask({ understands: ['hold'], activity: ready });
    expect(holdOf(granted.assignment)).toBeUndefined();
    expect(granted.assignment?.seq).toBeGreaterThan(first?.assignment?.seq ?? Infinity);
  });

  test('is paused by a failed canary, and nobody else is touched', async () => {
    const fleet = await rolloutFleet(10);
    const id = await create(fleet);
    await fleet.everybodyUpdates('rolled-back');
    expect(await show(fleet, id)).toMatchObject({
      state: 'paused',
      stages: [{ state: 'failed' }, { state: 'pending' }, { state: 'pending' }],
      blocked: { why: { category: 'too_many_failures' } },
    });
    expect(await fleet.ordered()).toHaveLength(0);
  });

  test('whose policy is to revert sends back those that have it', async () => {
    const fleet = await rolloutFleet(10);
    await fleet.everybodyRuns(fleet.v1);
    const stages = [{ upTo: { count: 2 }, gate: { maxFailures: 1, minSuccesses: 1 } }, { upTo: { percent: 100 } }];
    const id = await create(fleet, { shape: { strategy: 'canary', stages }, onFailure: 'revert' });
    await fleet.everybodyUpdates();
    await fleet.everybodyUpdates('failed');
    const undone = await show(fleet, id);
    expect(undone).toMatchObject({ state: 'halted' });
    const undoing = undone.followedBy;
    if (undoing === undefined) throw new Error('a rollback follows');
    await fleet.everybodyUpdates();
    expect(await show(fleet, undoing)).toMatchObject({ state: 'completed', members: 2, spec: { kind: 'rollback' } });
  });
});
