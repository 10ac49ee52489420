/** The clock of the control plane is set back while rollouts run: nothing waits until it shows the old time again. */
import { HOUR, MINUTE } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { rolloutFleet } from '../testing/rollout-fleet.ts';

test('a robot is let switch when its window opens, also one that had closed by the time before', async () => {
  const fleet = await rolloutFleet(1);
  const window = { name: 'early', scope: { fleet: true as const }, from: '08:20', to: '08:40', zone: 'UTC' };
  await fleet.operator.createWindow({ body: window });
  const body = { target: { all: true as const }, component: fleet.component, version: fleet.v2.version };
  const { rollout } = await fleet.operator.createRollout({ body: { ...body, shape: { strategy: 'all-at-once' } } });
  await fleet.drive();
  await fleet.everybodyUpdates();
  fleet.clock.pass(-HOUR);
  await fleet.drive();
  fleet.clock.pass(25 * MINUTE);
  await fleet.everybodyUpdates();
  await fleet.drive();
  expect(await fleet.operator.showRollout({ params: { rollout } })).toMatchObject({ state: 'completed' });
});
