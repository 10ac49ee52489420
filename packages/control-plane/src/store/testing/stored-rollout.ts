/** A rollout with five robots and its deployments, for tests of the store. */
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type { ComponentName, RobotId, RolloutId, Version } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { allAtOnce } from '@fairlead/shared/rollout/strategy';
import { newRollout } from '../../rollout/new-rollout.ts';
import type { Deployment, RolloutPart } from '../deployments.ts';
import type { Store } from '../store.ts';
import { saveRobot, storedDeployment } from './stored-deployment.ts';

export const RO = 'ro_0000000001' as RolloutId;
export const duck = (n: number) => `duck-${n}` as RobotId;
export const member = (n: number) => ({ robot: duck(n), rank: n * 10 });
export const rollout = (id: RolloutId = RO): Rollout =>
  newRollout({
    id,
    by: 'eve',
    now: 1000,
    spec: {
      kind: 'deploy',
      component: 'duck' as ComponentName,
      version: '1.0.0' as Version,
      environment: 'development',
      target: { all: true },
      ...allAtOnce(),
      newRobots: 'leave-out',
      onFailure: 'pause',
      priority: 50,
    },
  });
export const created = { at: 1000, by: 'eve', what: 'created' };

export const deployment = (n: number, state: DeploymentState, part: Partial<RolloutPart> = {}): Deployment =>
  storedDeployment(n, duck(n), { state, part: { rollout: RO, stage: 0, rank: n * 10, deadline: 9000, ...part } });

/** A store with five robots, and a rollout that knows them all. */
export async function withRollout(open: () => Promise<Store>): Promise<Store> {
  const store = await open();
  for (let n = 1; n <= 5; n += 1) await saveRobot(store, duck(n));
  await store.rollouts.insert(rollout(), created);
  await store.rollouts.addMembers(RO, [1, 2, 3, 4, 5].map(member));
  return store;
}
