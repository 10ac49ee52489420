/** Rollouts as tests of the engine make them: of the second release, for all robots. */
import type { InputOf } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { RolloutId } from '@fairlead/shared/ids';
import type { RolloutFleet } from './rollout-fleet.ts';

export type CreateBody = InputOf<(typeof operatorApi)['createRollout']>['body'];
export const AT_ONCE = { shape: { strategy: 'all-at-once' } } as const;

/** Creates it and drives it as far as it goes now. */
export async function createRollout(
  fleet: RolloutFleet,
  more: Partial<CreateBody> = {},
  operator = fleet.operator,
): Promise<RolloutId> {
  const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version, ...more } as CreateBody;
  const { rollout } = await operator.createRollout({ body });
  await fleet.drive();
  return rollout;
}

/** In one stage, and a second passes: a rollout that is created afterwards is newer. */
export async function createAtOnce(fleet: RolloutFleet, more: Partial<CreateBody> = {}): Promise<RolloutId> {
  const rollout = await createRollout(fleet, { ...AT_ONCE, ...more });
  fleet.clock.pass(1000);
  return rollout;
}

export const showRollout = (fleet: RolloutFleet, rollout: RolloutId) =>
  fleet.operator.showRollout({ params: { rollout } });
