/** Attack: somebody who may not deploy alone calls it a rollback. */
import type { RobotId, Version } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { rolloutFleet } from '../testing/rollout-fleet.ts';
import { installed, running } from '../testing/test-fleet.ts';

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

test('attack 109: a robot that calls a release its previous one makes no release of it that ran there', async () => {
  const fleet = await rolloutFleet(2);
  const { operator, v1, v2, component, robots } = fleet;
  await operator.deploy({ body: { target: { all: true }, component, version: v1.version } });
  await fleet.everybodyUpdates();
  await operator.changeEnvironment({ params: { environment: 'development' }, body: { approvals: 'one' } });
  const [liar] = robots;
  if (!liar) throw new Error('the fleet has robots');
  await liar.ask({ components: [installed(v1, v2)] });
  const { deployments } = await operator.rollBack({ body: { target: { robot: liar.name }, component } });
  const [own] = deployments;
  if (!own) throw new Error('it goes back to what it calls its previous release');
  await liar.ask();
  const ended = { event: 'update-ended', deployment: own.deployment, component, outcome: 'succeeded' } as const;
  await liar.tells({ ...ended, active: running(v2), previous: running(v1) });
  const { skipped } = await operator.rollBack({ body: { target: { all: true }, component, toVersion: v2.version } });
  expect(skipped.map(({ robot, refusal }) => [robot, refusal.category])).toContainEqual(['duck-2', 'needs_approval']);
  const rollback = await operator.createRollback({ body: { target: { all: true }, component, toVersion: v2.version } });
  expect(rollback.state).toBe('awaiting-approval');
});
