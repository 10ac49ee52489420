/** Attack: somebody who may not deploy alone calls it a rollback. */
import type { RobotId, Version } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { rolloutFleet } from '../testing/rollout-fleet.ts';

test('where people must agree, a rollback goes only to what ran there before', async () => {
  const fleet = await rolloutFleet(1);
  const { operator, v1, v2, component } = fleet;
  const target = { robot: 'duck-1' as RobotId };
  await operator.deploy({ body: { target, component, version: v1.version } });
  await fleet.everybodyUpdates();
  await operator.changeEnvironment({ params: { environment: 'development' }, body: { approvals: 'one' } });
  const back = async (toVersion: Version) => {
    const { deployments, skipped } = await operator.rollBack({ body: { target, component, toVersion } });
    return skipped[0]?.refusal.category ?? deployments[0]?.version;
  };
  expect(await back(v2.version)).toBe('needs_approval');
  expect(await back(v1.version)).toBe(v1.version);
  const rollback = async (toVersion: Version) => {
    const { state } = await operator.createRollback({ body: { target, component, toVersion } });
    return state;
  };
  expect(await rollback(v2.version)).toBe('awaiting-approval');
  await fleet.everybodyRuns(v2);
  expect(await rollback(v1.version)).not.toBe('awaiting-approval');
});
