/** Robots and deployments with the least that a store wants of them. */
import type { ComponentName, DeploymentId, RobotId } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { Deployment } from '../deployments.ts';
import { publishedRelease } from '../releases-contract.ts';
import type { Store } from '../store.ts';

export const saveRobot = ({ robots }: Store, robot: RobotId): Promise<unknown> =>
  robots.save({
    robot,
    lifecycle: 'accepted',
    environment: 'development',
    labels: {},
    keyid: sha256Hex(robot),
    enrolledAt: 1,
  });

export const storedDeployment = (n: number, robot: RobotId, more: Partial<Deployment> = {}): Deployment => ({
  deployment: `dep_${String(n).padStart(10, '0')}` as DeploymentId,
  robot,
  environment: 'development',
  component: 'duck' as ComponentName,
  version: publishedRelease('duck@1.0.0').version,
  target: publishedRelease('duck@1.0.0').target,
  manifestSha256: sha256Hex('m'),
  manifestLength: 400,
  kind: 'deploy',
  allowDowngrade: false,
  state: 'pending',
  createdAt: 1000,
  createdBy: 'eve',
  ...more,
});
