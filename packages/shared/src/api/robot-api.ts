/** What robots ask of the control plane. `v1` only grows: robots run old agents. */

import { Type } from 'typebox';
import { LARGEST_INTEGER } from '../bounds.ts';
import { Refusal } from '../failure.ts';
import {
  Activity,
  ComponentState,
  Inventory,
  SentLabels,
  SentMetrics,
  TrustVersions,
  Vitals,
} from '../fleet/robot-facts.ts';
import { CheckInPace } from '../fleet/settings.ts';
import { Lifecycle } from '../fleet/states.ts';
import { EnvironmentName, RobotId, Sha256 } from '../ids.ts';
import { Timestamp } from '../time.ts';
import { Envelope } from '../trust/assignment.ts';
import type { Api } from './route.ts';

const closed = { additionalProperties: false };
export const RobotParams = Type.Object({ robot: RobotId }, closed);

export const EnrolBody = Type.Object(
  {
    robot: RobotId,
    publicKey: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Ed25519, 64 hex digits.' }),
    token: Type.Optional(
      Type.String({ maxLength: 200, description: 'One-time enrolment token; without it the robot waits as pending.' }),
    ),
    environment: EnvironmentName,
    group: Type.Optional(Type.String({ maxLength: 63 })),
    labels: Type.Optional(SentLabels),
    inventory: Inventory,
  },
  closed,
);
export const EnrolReply = Type.Object({
  robot: RobotId,
  lifecycle: Lifecycle,
  environment: EnvironmentName,
  /** For the log only: a robot pins its root from the install medium, never from here. */
  rootSha256: Type.Optional(Sha256),
});

export const CheckInBody = Type.Object(
  {
    nonce: Type.String({ pattern: '^[0-9a-f]{32}$', description: '16 random bytes, echoed in the signed assignment.' }),
    bootId: Type.String({ maxLength: 64 }),
    agentVersion: Type.String({ maxLength: 56 }),
    /** The assignment the robot has applied; the server answers at once where its own is newer. */
    knownSeq: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
    /** How long the robot is willing to wait for news, in seconds. 0: answer at once. */
    waitSec: Type.Integer({ minimum: 0, maximum: 120 }),
    components: Type.Array(ComponentState, { maxItems: 100 }),
    activity: Activity,
    trust: TrustVersions,
    vitals: Type.Optional(Vitals),
    metrics: Type.Optional(SentMetrics),
    /** Only when changed since the last acknowledged one. */
    inventory: Type.Optional(Inventory),
    /** Reports not yet acknowledged. */
    unsentReports: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
    /** The last place of its chain of reports that this control plane has acknowledged. */
    acknowledgedReports: Type.Optional(Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER })),
    /** What newer parts of an assignment this agent knows; an older one is offered an order only when nothing holds it. */
    understands: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' }), {
        maxItems: 20,
        description:
          'hold: an order may carry one. next: the assignment may carry the signed pace. Others are ignored.',
      }),
    ),
  },
  closed,
);
export const CheckInReply = Type.Object({
  lifecycle: Lifecycle,
  /** Why this robot gets no assignment, for people who ask the robot itself. */
  quarantined: Type.Optional(Refusal),
  /** Present for accepted robots of a control plane whose trust is set up. */
  assignment: Type.Optional(Envelope),
  /**
   * Only where reports are missing that were acknowledged once, because the database was restored from a backup: the last
   * place of the chain that is stored. The robot sends again what follows, as far as it has kept it.
   */
  storedReports: Type.Optional(Type.Integer({ minimum: 0 })),
  /** For robots without an assignment, and for agents that are older than the signed `next` of the assignment. */
  next: CheckInPace,
  /** What this control plane knows to answer. An older one refuses words in a question that it does not know. */
  understands: Type.Optional(Type.Array(Type.String({ maxLength: 40 }), { maxItems: 20 })),
  serverTime: Timestamp,
});

export const ReportsBody = Type.Object(
  {
    envelopes: Type.Array(Envelope, { minItems: 1, maxItems: 100, description: 'In order of seq, without gaps.' }),
    oldestKept: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LARGEST_INTEGER,
        description: 'The robot can send every report from this place on. Behind a gap it is asked for them.',
      }),
    ),
  },
  closed,
);
export const ReportsReply = Type.Object({
  acknowledgedSeq: Type.Integer({
    minimum: 0,
    description: 'Everything up to here is durable; send the next, also where it was sent before.',
  }),
});

export const robotApi = {
  enrol: {
    method: 'POST',
    path: '/api/v1/robots/enrol',
    access: 'enrolling-robot',
    tag: 'robots',
    summary: 'Introduce a robot by its key, with a one-time token or to wait as pending',
    body: EnrolBody,
    reply: EnrolReply,
    status: 201,
    // The only robot's body that is read before its signature is verified: the key stands in it.
    maxBodyBytes: 256 * 1024,
    callsPerMinute: 600,
  },
  checkIn: {
    method: 'POST',
    path: '/api/v1/robots/:robot/check-in',
    access: 'waiting-robot',
    tag: 'robots',
    summary: 'Heartbeat and question in one: which releases should this robot run?',
    params: RobotParams,
    body: CheckInBody,
    reply: CheckInReply,
    routine: true,
  },
  report: {
    method: 'POST',
    path: '/api/v1/robots/:robot/reports',
    access: 'robot',
    tag: 'robots',
    summary: 'Deliver durable reports; what is acknowledged is stored',
    params: RobotParams,
    body: ReportsBody,
    reply: ReportsReply,
  },
} as const satisfies Api;
