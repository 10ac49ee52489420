/** Orders: which release a robot should run, and what became of it. */
import { Type } from 'typebox';
import { textLine } from '../bounds.ts';
import { Refusal } from '../failure.ts';
import { DeploymentEvent, DeploymentView } from '../fleet/deployment-view.ts';
import { DeploymentState } from '../fleet/states.ts';
import { Target } from '../fleet/target.ts';
import { ComponentName, DeploymentId, RobotId, Version } from '../ids.ts';
import { ConfirmAbandoned } from '../rollout/rollout-spec.ts';
import type { Api } from './route.ts';

const closed = { additionalProperties: false };
const Page = {
  cursor: Type.Optional(textLine(200)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100.' })),
};
const Reason = Type.Optional(textLine(500, { description: 'Kept in the history.' }));
const OrderReply = Type.Object({
  deployments: Type.Array(DeploymentView),
  skipped: Type.Array(Type.Object({ robot: RobotId, refusal: Refusal })),
});

export const deploymentApi = {
  deploy: {
    method: 'POST',
    path: '/api/v1/deployments',
    access: 'operator',
    tag: 'deployments',
    summary: 'Assign a release to robots directly',
    body: Type.Object(
      {
        target: Target,
        component: ComponentName,
        version: Version,
        reason: Reason,
        allowDowngrade: Type.Optional(
          Type.Boolean({ description: 'Permit a lower releaseCounter, never below the signed floor.' }),
        ),
      },
      closed,
    ),
    reply: OrderReply,
    status: 201,
  },
  rollBack: {
    method: 'POST',
    path: '/api/v1/rollbacks',
    access: 'operator',
    tag: 'deployments',
    summary: 'Send robots back to their previous release, or to a named version',
    body: Type.Object(
      {
        target: Target,
        component: Type.Optional(ComponentName),
        toVersion: Type.Optional(Version),
        confirmAbandoned: ConfirmAbandoned,
        reason: Reason,
      },
      closed,
    ),
    reply: OrderReply,
    status: 201,
  },
  listDeployments: {
    method: 'GET',
    path: '/api/v1/deployments',
    access: 'viewer',
    tag: 'deployments',
    summary: 'Deployments, newest first',
    query: Type.Object(
      {
        robot: Type.Optional(RobotId),
        component: Type.Optional(ComponentName),
        state: Type.Optional(DeploymentState),
        ...Page,
      },
      closed,
    ),
    reply: Type.Object({ items: Type.Array(DeploymentView), next: Type.Optional(Type.String()) }),
  },
  showDeployment: {
    method: 'GET',
    path: '/api/v1/deployments/:deployment',
    access: 'viewer',
    tag: 'deployments',
    summary: 'One deployment with everything that happened to it',
    params: Type.Object({ deployment: DeploymentId }, closed),
    reply: Type.Object({ deployment: DeploymentView, events: Type.Array(DeploymentEvent) }),
  },
  cancelDeployment: {
    method: 'POST',
    path: '/api/v1/deployments/:deployment/cancel',
    access: 'operator',
    tag: 'deployments',
    summary: 'Withdraw a deployment; binds until the robot begins to switch',
    params: Type.Object({ deployment: DeploymentId }, closed),
    reply: DeploymentView,
  },
} as const satisfies Api;
