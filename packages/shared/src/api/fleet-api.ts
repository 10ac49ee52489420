/** The robots of the fleet: who they are, whether they are heard, what blocks them. */
import { Type } from 'typebox';
import { textLine } from '../bounds.ts';
import { DeploymentEvent, DeploymentView } from '../fleet/deployment-view.ts';
import { Explanation } from '../fleet/explanation.ts';
import { Labels, RobotView } from '../fleet/robot-facts.ts';
import { Settings } from '../fleet/settings.ts';
import { DeploymentState, LIFECYCLES, Presence } from '../fleet/states.ts';
import { ComponentName, EnvironmentName, RobotId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';
import type { Api } from './route.ts';

const closed = { additionalProperties: false };
const RobotParams = Type.Object({ robot: RobotId }, closed);
const Done = Type.Object({});
const Page = {
  cursor: Type.Optional(textLine(200)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100.' })),
};

const FleetStatus = Type.Object({
  robots: Type.Integer(),
  presence: Type.Record(Presence, Type.Integer()),
  lifecycle: Type.Record(Type.Enum([...LIFECYCLES]), Type.Integer()),
  /** What runs where, from what robots measured. */
  running: Type.Array(Type.Object({ component: ComponentName, version: Version, robots: Type.Integer() })),
  deployments: Type.Record(DeploymentState, Type.Integer()),
  /** Robots that need a person, worst first, at most 50. */
  attention: Type.Array(Explanation),
  /** How many alarms of robots are not resolved. */
  alerts: Type.Object({ open: Type.Integer(), acknowledged: Type.Integer() }),
});

export const fleetApi = {
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
        group: Type.Optional(textLine(63)),
        labels: Type.Optional(Labels),
        ttlSec: Type.Optional(Type.Integer({ minimum: 60, maximum: 30 * 86400, description: 'Default 3600.' })),
      },
      closed,
    ),
    reply: Type.Object({ id: Type.String(), token: Type.String({ description: 'Shown once.' }), expiresAt: Timestamp }),
    status: 201,
    secretReply: true,
  },
  deleteEnrolmentToken: {
    method: 'DELETE',
    path: '/api/v1/enrolment-tokens/:id',
    access: 'operator',
    tag: 'fleet',
    summary: 'Withdraw an enrolment token',
    params: Type.Object({ id: textLine(60) }, closed),
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
        selector: Type.Optional(textLine(1000)),
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
    body: Type.Object({ group: Type.Optional(textLine(63)), labels: Type.Optional(Labels) }, closed),
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
  readmitRobot: {
    method: 'POST',
    path: '/api/v1/robots/:robot/readmit',
    access: 'operator',
    tag: 'fleet',
    summary: 'End the quarantine of a robot whose updates failed again and again',
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
