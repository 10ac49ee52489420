/** A rollout with five robots and its deployments, for tests of the store. */
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type { ComponentName, DeploymentId, RobotId, RolloutId, Version } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { allAtOnce } from '@fairlead/shared/rollout/strategy';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { newRollout } from '../../rollout/new-rollout.ts';
import type { Deployment, RolloutPart } from '../deployments.ts';
import { publishedRelease } from '../releases-contract.ts';
import type { Store } from '../store.ts';

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

export const deployment = (n: number, state: DeploymentState, part: Partial<RolloutPart> = {}): Deployment => ({
  deployment: `dep_${String(n).padStart(10, '0')}` as DeploymentId,
  robot: duck(n),
  environment: 'development',
  component: 'duck' as ComponentName,
  version: publishedRelease('duck@1.0.0').version,
  target: publishedRelease('duck@1.0.0').target,
  manifestSha256: sha256Hex('m'),
  manifestLength: 400,
  kind: 'deploy',
  allowDowngrade: false,
  state,
  createdAt: 1000,
  createdBy: 'eve',
  part: { rollout: RO, stage: 0, rank: n * 10, deadline: 9000, ...part },
});

/** A store with five robots, and a rollout that knows them all. */
export async function withRollout(open: () => Promise<Store>): Promise<Store> {
  const store = await open();
  for (let n = 1; n <= 5; n += 1) {
    const keyid = sha256Hex(duck(n));
    const record = {
      robot: duck(n),
      lifecycle: 'accepted',
      environment: 'development',
      labels: {},
      keyid,
      enrolledAt: 1,
    } as const;
    await store.robots.save(record);
  }
  await store.rollouts.insert(rollout(), created);
  await store.rollouts.addMembers(RO, [1, 2, 3, 4, 5].map(member));
  return store;
}
