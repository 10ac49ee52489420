/** A deployment and what happened to it, as operators see it. */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { ComponentName, DeploymentId, EnvironmentName, RobotId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';
import { DeploymentState } from './states.ts';

export const DeploymentView = Type.Object({
  deployment: DeploymentId,
  robot: RobotId,
  environment: EnvironmentName,
  component: ComponentName,
  version: Version,
  manifestSha256: Sha256,
  kind: Type.Enum(['deploy', 'rollback']),
  state: DeploymentState,
  createdAt: Timestamp,
  createdBy: Type.String(),
  reason: Type.Optional(Type.String()),
  endedAt: Type.Optional(Timestamp),
  refusal: Type.Optional(Refusal),
});
export type DeploymentView = Static<typeof DeploymentView>;

export const DeploymentEvent = Type.Object({
  at: Timestamp,
  state: DeploymentState,
  by: Type.String({ description: 'The robot, a user, or control-plane.' }),
  refusal: Type.Optional(Refusal),
});
export type DeploymentEvent = Static<typeof DeploymentEvent>;
