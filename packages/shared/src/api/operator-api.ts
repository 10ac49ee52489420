/** What people and their scripts ask of the control plane. */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { Labels, RobotView } from '../fleet/robot-facts.ts';
import { DeploymentState, LIFECYCLES, Presence } from '../fleet/states.ts';
import { ComponentName, DeploymentId, EnvironmentName, RobotId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';
import { type Api, ROLES } from './route.ts';

const closed = { additionalProperties: false };
const RobotParams = Type.Object({ robot: RobotId }, closed);
const Page = {
  cursor: Type.Optional(Type.String({ maxLength: 200 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100.' })),
};
const RoleSchema = Type.Enum([...ROLES], {
  description: 'viewer reads, operator changes what robots run, admin manages people and trust.',
});
const UserName = Type.String({ pattern: '^[a-z0-9][a-z0-9._@-]{0,99}$' });
const Password = Type.String({ minLength: 10, maxLength: 200 });
const Reason = Type.Optional(Type.String({ maxLength: 500, description: 'Kept in the history.' }));
const UserView = Type.Object({ name: UserName, role: RoleSchema, createdAt: Timestamp });
const Done = Type.Object({});

/** Exactly one way to say which robots. */
export const Target = Type.Union(
  [
    Type.Object({ robot: RobotId }, closed),
    Type.Object({ group: Type.String({ minLength: 1, maxLength: 63 }) }, closed),
    Type.Object(
      {
        selector: Type.String({
          minLength: 1,
          maxLength: 1000,
          description: 'Kubernetes label-selector syntax over labels, group, environment and robot.',
        }),
      },
      closed,
    ),
    Type.Object({ all: Type.Literal(true) }, closed),
  ],
  { description: 'Which robots: one, a group, a label selector, or all.' },
);
export type Target = Static<typeof Target>;

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

const Skipped = Type.Object({ robot: RobotId, refusal: Refusal });
export const OrderReply = Type.Object({ deployments: Type.Array(DeploymentView), skipped: Type.Array(Skipped) });

export const Explanation = Type.Object({
  robot: RobotId,
  component: Type.Optional(ComponentName),
  /** One sentence: what blocks this robot, or that nothing does. */
  sentence: Type.String(),
  /** What would unblock it; absent where nothing is blocked. */
  unblock: Type.Optional(Type.String()),
  blocked: Type.Boolean(),
  refusal: Type.Optional(Refusal),
});
export type Explanation = Static<typeof Explanation>;

export const Settings = Type.Object(
  {
    checkInIntervalSec: Type.Integer({
      minimum: 1,
      maximum: 86400,
      description: 'Pause between check-ins. Default 30.',
    }),
    checkInJitterSec: Type.Integer({
      minimum: 0,
      maximum: 86400,
      description: 'Random part on top, so that a fleet never checks in at once. Default 5.',
    }),
    longPollSec: Type.Integer({
      minimum: 0,
      maximum: 120,
      description: 'How long a check-in may wait for news. Default 25; 0 turns long-poll off.',
    }),
    lateAfterSec: Type.Integer({ minimum: 1, description: 'Silence after which a robot is late. Default 90.' }),
    offlineAfterSec: Type.Integer({ minimum: 1, description: 'Silence after which a robot is offline. Default 300.' }),
  },
  closed,
);
export type Settings = Static<typeof Settings>;

const FleetStatus = Type.Object({
  robots: Type.Integer(),
  presence: Type.Record(Presence, Type.Integer()),
  lifecycle: Type.Record(Type.Enum([...LIFECYCLES]), Type.Integer()),
  /** What runs where, from what robots measured. */
  running: Type.Array(Type.Object({ component: ComponentName, version: Version, robots: Type.Integer() })),
  deployments: Type.Record(DeploymentState, Type.Integer()),
  /** Robots that need a person, worst first, at most 50. */
  attention: Type.Array(Explanation),
});

export const operatorApi = {
  login: {
    method: 'POST',
    path: '/api/v1/login',
    access: 'public',
    tag: 'people',
    summary: 'Exchange name and password for a session token',
    body: Type.Object({ name: UserName, password: Type.String({ maxLength: 200 }) }, closed),
    reply: Type.Object({ token: Type.String(), expiresAt: Timestamp, name: UserName, role: RoleSchema }),
  },
  me: {
    method: 'GET',
    path: '/api/v1/me',
    access: 'viewer',
    tag: 'people',
    summary: 'Who am I?',
    reply: Type.Object({ name: Type.String(), role: RoleSchema, via: Type.Enum(['session', 'api-token']) }),
  },
  listUsers: {
    method: 'GET',
    path: '/api/v1/users',
    access: 'admin',
    tag: 'people',
    summary: 'All users',
    reply: Type.Object({ items: Type.Array(UserView) }),
  },
  createUser: {
    method: 'POST',
    path: '/api/v1/users',
    access: 'admin',
    tag: 'people',
    summary: 'Create a user',
    body: Type.Object({ name: UserName, password: Password, role: RoleSchema }, closed),
    reply: UserView,
    status: 201,
  },
  changeUser: {
    method: 'PATCH',
    path: '/api/v1/users/:name',
    access: 'admin',
    tag: 'people',
    summary: "Change a user's role or password; its sessions end",
    params: Type.Object({ name: UserName }, closed),
    body: Type.Object({ password: Type.Optional(Password), role: Type.Optional(RoleSchema) }, closed),
    reply: UserView,
  },
  deleteUser: {
    method: 'DELETE',
    path: '/api/v1/users/:name',
    access: 'admin',
    tag: 'people',
    summary: 'Delete a user with its tokens; never the last admin',
    params: Type.Object({ name: UserName }, closed),
    reply: Done,
  },
  listTokens: {
    method: 'GET',
    path: '/api/v1/tokens',
    access: 'viewer',
    tag: 'people',
    summary: 'My API tokens (all, for admins); never their secrets',
    reply: Type.Object({
      items: Type.Array(
        Type.Object({
          id: Type.String(),
          name: Type.String(),
          user: UserName,
          role: RoleSchema,
          createdAt: Timestamp,
          expiresAt: Type.Optional(Timestamp),
          lastUsedAt: Type.Optional(Timestamp),
        }),
      ),
    }),
  },
  createToken: {
    method: 'POST',
    path: '/api/v1/tokens',
    access: 'viewer',
    tag: 'people',
    summary: 'Create an API token for a script, with my role or a lower one',
    body: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 100 }),
        role: Type.Optional(RoleSchema),
        ttlDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
      },
      closed,
    ),
    reply: Type.Object({ id: Type.String(), token: Type.String({ description: 'Shown once.' }) }),
    status: 201,
  },
  deleteToken: {
    method: 'DELETE',
    path: '/api/v1/tokens/:id',
    access: 'viewer',
    tag: 'people',
    summary: 'Withdraw an API token (mine; any, for admins)',
    params: Type.Object({ id: Type.String({ maxLength: 60 }) }, closed),
    reply: Done,
  },

  listEnrolmentTokens: {
    method: 'GET',
    path: '/api/v1/enrolment-tokens',
    access: 'operator',
    tag: 'fleet',
    summary: 'Unused enrolment tokens; never their secrets',
    reply: Type.Object({
      items: Type.Array(
        Type.Object({
          id: Type.String(),
          robot: Type.Optional(RobotId),
          environment: EnvironmentName,
          createdBy: Type.String(),
          expiresAt: Timestamp,
        }),
      ),
    }),
  },
  createEnrolmentToken: {
    method: 'POST',
    path: '/api/v1/enrolment-tokens',
    access: 'operator',
    tag: 'fleet',
    summary: 'A one-time token for one robot of one environment',
    body: Type.Object(
      {
        environment: EnvironmentName,
        robot: Type.Optional(RobotId),
        group: Type.Optional(Type.String({ maxLength: 63 })),
        labels: Type.Optional(Labels),
        ttlSec: Type.Optional(Type.Integer({ minimum: 60, maximum: 30 * 86400, description: 'Default 3600.' })),
      },
      closed,
    ),
    reply: Type.Object({ id: Type.String(), token: Type.String({ description: 'Shown once.' }), expiresAt: Timestamp }),
    status: 201,
  },
  deleteEnrolmentToken: {
    method: 'DELETE',
    path: '/api/v1/enrolment-tokens/:id',
    access: 'operator',
    tag: 'fleet',
    summary: 'Withdraw an enrolment token',
    params: Type.Object({ id: Type.String({ maxLength: 60 }) }, closed),
    reply: Done,
  },

  listRobots: {
    method: 'GET',
    path: '/api/v1/robots',
    access: 'viewer',
    tag: 'fleet',
    summary: 'Robots of the fleet, by name',
    query: Type.Object(
      {
        selector: Type.Optional(Type.String({ maxLength: 1000 })),
        lifecycle: Type.Optional(Type.Enum([...LIFECYCLES])),
        ...Page,
      },
      closed,
    ),
    reply: Type.Object({ items: Type.Array(RobotView), next: Type.Optional(Type.String()) }),
  },
  showRobot: {
    method: 'GET',
    path: '/api/v1/robots/:robot',
    access: 'viewer',
    tag: 'fleet',
    summary: 'One robot',
    params: RobotParams,
    reply: RobotView,
  },
  changeRobot: {
    method: 'PATCH',
    path: '/api/v1/robots/:robot',
    access: 'operator',
    tag: 'fleet',
    summary: "Change a robot's group or labels",
    params: RobotParams,
    body: Type.Object({ group: Type.Optional(Type.String({ maxLength: 63 })), labels: Type.Optional(Labels) }, closed),
    reply: RobotView,
  },
  acceptRobot: {
    method: 'POST',
    path: '/api/v1/robots/:robot/accept',
    access: 'operator',
    tag: 'fleet',
    summary: 'Take a pending robot into the fleet, after comparing its key fingerprint',
    params: RobotParams,
    body: Type.Object({ keyFingerprint: Type.Optional(Sha256) }, closed),
    reply: RobotView,
  },
  rejectRobot: {
    method: 'POST',
    path: '/api/v1/robots/:robot/reject',
    access: 'operator',
    tag: 'fleet',
    summary: 'Refuse a pending robot',
    params: RobotParams,
    reply: RobotView,
  },
  decommissionRobot: {
    method: 'POST',
    path: '/api/v1/robots/:robot/decommission',
    access: 'operator',
    tag: 'fleet',
    summary: 'Take a robot out for good; its key stays blocked',
    params: RobotParams,
    reply: RobotView,
  },
  explainRobot: {
    method: 'GET',
    path: '/api/v1/robots/:robot/explain',
    access: 'viewer',
    tag: 'fleet',
    summary: 'In one sentence: what blocks this robot, and what to do',
    params: RobotParams,
    reply: Explanation,
  },
  robotHistory: {
    method: 'GET',
    path: '/api/v1/robots/:robot/history',
    access: 'viewer',
    tag: 'fleet',
    summary: "A robot's deployments, newest first, with their events",
    params: RobotParams,
    query: Type.Object(Page, closed),
    reply: Type.Object({
      items: Type.Array(Type.Object({ deployment: DeploymentView, events: Type.Array(DeploymentEvent) })),
      next: Type.Optional(Type.String()),
    }),
  },
  fleetStatus: {
    method: 'GET',
    path: '/api/v1/status',
    access: 'viewer',
    tag: 'fleet',
    summary: 'Which robots run what, what is stuck and why',
    reply: FleetStatus,
  },

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
      { target: Target, component: Type.Optional(ComponentName), toVersion: Type.Optional(Version), reason: Reason },
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

  showSettings: {
    method: 'GET',
    path: '/api/v1/settings',
    access: 'viewer',
    tag: 'settings',
    summary: 'Check-in pace and presence thresholds',
    reply: Settings,
  },
  changeSettings: {
    method: 'PUT',
    path: '/api/v1/settings',
    access: 'admin',
    tag: 'settings',
    summary: 'Change check-in pace and presence thresholds',
    body: Settings,
    reply: Settings,
  },
} as const satisfies Api;
