/** A rollback is not reverted: its robots would return to what they were rolled back from, or go further back. */
import type { RolloutId } from '@fairlead/shared/ids';
import { describe, expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';

const AT_ONCE = { strategy: 'all-at-once' } as const;
const BLUE_GREEN = { strategy: 'blue-green' } as const;

/** Robots on 2.0.0 that ran 1.0.0 before, and a rollback of all of them that runs. */
async function rollingBack(shape: typeof AT_ONCE | typeof BLUE_GREEN) {
  const fleet = await rolloutFleet(2);
  await fleet.everybodyRuns(fleet.v1);
  const body = { target: { all: true }, component: fleet.component } as const;
  await fleet.operator.createRollout({ body: { ...body, version: fleet.v2.version, shape: AT_ONCE } });
  await fleet.drive();
  await fleet.everybodyUpdates();
  const { rollout } = await fleet.operator.createRollback({ body: { ...body, shape } });
  await fleet.drive();
  return { fleet, params: { rollout } };
}

const stateOf = async (fleet: RolloutFleet, rollout: RolloutId) =>
  (await fleet.operator.showRollout({ params: { rollout } })).state;

describe('a rollback', () => {
  test('is not aborted with revert: nothing is done, and the refusal names what to do', async () => {
    const { fleet, params } = await rollingBack(AT_ONCE);
    const revert = fleet.operator.abortRollout({ params, body: { revert: true } });
    await expect(revert).rejects.toMatchObject({
      problem: {
        code: 'conflict',
        detail: expect.stringContaining(`${params.rollout} is a rollback`),
        hint: expect.stringContaining(`fairlead rollout abort ${params.rollout}`),
      },
    });
    expect(await stateOf(fleet, params.rollout)).toBe('running');
    expect((await fleet.operator.abortRollout({ params, body: {} })).state).toBe('aborted');
  });

  test('that was made blue-green is not switched back', async () => {
    const { fleet, params } = await rollingBack(BLUE_GREEN);
    await fleet.everybodyUpdates();
    await fleet.operator.switchRollout({ params, body: {} });
    await fleet.everybodyUpdates();
    expect(await refusal(fleet.operator.switchBackRollout({ params, body: {} }))).toBe('conflict');
    expect((await fleet.operator.showRollout({ params })).followedBy).toBeUndefined();
  });
});
