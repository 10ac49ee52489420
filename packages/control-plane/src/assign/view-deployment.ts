/** Deployments as operators see them. */
import type { DeploymentEvent, DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import type { RobotView } from '@fairlead/shared/fleet/robot-facts';
import type { RobotId } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import type { Deployment, DeploymentEventRecord } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';

export const viewDeployment = (of: Deployment): DeploymentView => ({
  deployment: of.deployment,
  robot: of.robot,
  environment: of.environment,
  component: of.component,
  version: of.version,
  manifestSha256: of.manifestSha256,
  kind: of.kind,
  state: of.state,
  createdAt: toTimestamp(of.createdAt),
  createdBy: of.createdBy,
  ...(of.reason !== undefined && { reason: of.reason }),
  ...(of.endedAt !== undefined && { endedAt: toTimestamp(of.endedAt) }),
  ...(of.refusal && { refusal: of.refusal }),
});

export const viewEvent = ({ at, ...event }: DeploymentEventRecord): DeploymentEvent => ({
  at: toTimestamp(at),
  ...event,
});

/** What each of these robots should run, for the fleet's own pages. */
export const desiredOf =
  ({ desired }: Pick<Slices, 'desired'>) =>
  async (robots: readonly RobotId[]): Promise<ReadonlyMap<RobotId, RobotView['desired']>> => {
    const found = new Map<RobotId, RobotView['desired']>();
    for (const robot of robots) {
      const { deployments } = await desired.of(robot);
      found.set(
        robot,
        deployments.map(({ component, version, manifestSha256, deployment, state }) => ({
          component,
          version,
          manifestSha256,
          deployment,
          state,
        })),
      );
    }
    return found;
  };
