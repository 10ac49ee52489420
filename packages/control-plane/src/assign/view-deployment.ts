/** Deployments as operators see them. */
import { countedState } from '@fairlead/shared/fleet/degradation';
import type { DeploymentEvent, DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import { toTimestamp } from '@fairlead/shared/time';
import type { Deployment, DeploymentEventRecord } from '../store/deployments.ts';

export const viewDeployment = (of: Deployment): DeploymentView => ({
  deployment: of.deployment,
  robot: of.robot,
  environment: of.environment,
  component: of.component,
  version: of.version,
  manifestSha256: of.manifestSha256,
  kind: of.kind,
  state: countedState(of),
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
