/** What the robot's own programs and people ask the agent, over HTTP on a Unix socket. The socket's mode is the guard. */
import type { Api } from '@fairlead/shared/api/route';
import { Refusal } from '@fairlead/shared/failure';
import { Explanation } from '@fairlead/shared/fleet/explanation';
import { Activity, ComponentState, Inventory, TrustVersions, Vitals } from '@fairlead/shared/fleet/robot-facts';
import { Lifecycle } from '@fairlead/shared/fleet/states';
import { ComponentName, EnvironmentName, RobotId, Sha256, Version } from '@fairlead/shared/ids';
import { Timestamp } from '@fairlead/shared/time';
import { type Static, Type } from 'typebox';
import { Lease } from '../leases/lease.ts';
import { LastOutcome } from '../update-history/update-history.ts';
import { situationApi } from './situation-api.ts';

const closed = { additionalProperties: false };

export const AgentStatus = Type.Object({
  robot: RobotId,
  environment: EnvironmentName,
  server: Type.String(),
  agentVersion: Type.String(),
  /** Folder of the release of itself that runs, or `packaged`; absent where no launcher started it. */
  agentRelease: Type.Optional(Type.String()),
  /** Key id of the robot's key: what an operator compares before accepting it. Absent where the disk does not give it. */
  keyFingerprint: Type.Optional(Sha256),
  enrolled: Type.Boolean(),
  lifecycle: Type.Optional(Lifecycle),
  lastAnswer: Type.Optional(Timestamp),
  now: Timestamp,
  clockTrust: Type.Enum(['director', 'floor', 'system']),
  activity: Activity,
  components: Type.Array(ComponentState),
  services: Type.Array(Type.Object({ service: Type.String(), state: Type.String(), detail: Type.String() })),
  trust: TrustVersions,
  unsentReports: Type.Integer(),
  inventory: Inventory,
  vitals: Vitals,
  /** Who is busy on this robot. */
  leases: Type.Optional(Type.Array(Lease)),
  /** How the last update or rollback of each component ended, newest first. */
  lastOutcomes: Type.Optional(Type.Array(LastOutcome)),
  /** Why the control plane gives this robot no orders. */
  quarantined: Type.Optional(Refusal),
  /** What does not work right now, most important first. */
  troubles: Type.Array(Refusal),
});
export type AgentStatus = Static<typeof AgentStatus>;

export const Measurement = Type.Object({
  component: ComponentName,
  version: Version,
  intact: Type.Boolean(),
  refusal: Type.Optional(Refusal),
});
export type Measurement = Static<typeof Measurement>;

export const localApi = {
  status: {
    method: 'GET',
    path: '/status',
    access: 'public',
    tag: 'local',
    summary: 'Everything the agent knows of itself',
    reply: AgentStatus,
  },
  explain: {
    method: 'GET',
    path: '/explain',
    access: 'public',
    tag: 'local',
    summary: 'What blocks this robot, in one sentence',
    reply: Explanation,
  },
  checkNow: {
    method: 'POST',
    path: '/check-now',
    access: 'public',
    tag: 'local',
    summary: 'Ask the control plane at once',
    reply: Type.Object({ asked: Type.Boolean() }),
  },
  rollBack: {
    method: 'POST',
    path: '/rollback',
    access: 'public',
    tag: 'local',
    summary: 'Go back to the release before, without the network',
    body: Type.Object(
      {
        component: ComponentName,
        by: Type.String({ minLength: 1, maxLength: 100, description: 'Who asks, for the report.' }),
        confirmAbandoned: Type.Optional(
          Type.Literal(true, { description: 'Also to a release that this robot was rolled back from.' }),
        ),
        override: Type.Optional(
          Type.Literal(true, { description: 'Although programs on the robot are busy. It is reported.' }),
        ),
      },
      closed,
    ),
    reply: Type.Object({ refusal: Type.Optional(Refusal) }),
  },
  ...situationApi,
} as const satisfies Api;
