/** Rollouts: a release on its way through a fleet, and everything a person can do about it. */
import { Type } from 'typebox';
import { LARGEST_INT32, textLine } from '../bounds.ts';
import { Refusal } from '../failure.ts';
import { DeploymentState } from '../fleet/states.ts';
import { Target } from '../fleet/target.ts';
import { ComponentName, DeploymentId, EnvironmentName, RobotId, RolloutId, Version } from '../ids.ts';
import { Vote } from '../rollout/rollout.ts';
import {
  ConfirmAbandoned,
  Emergency,
  FailurePolicy,
  HowMany,
  RolloutSpec,
  SHORTEST_EMERGENCY_REASON,
  STRATEGIES,
  Stage,
} from '../rollout/rollout-spec.ts';
import { RolloutState, StageState } from '../rollout/states.ts';
import { Timestamp } from '../time.ts';
import type { Api } from './route.ts';

const closed = { additionalProperties: false };
const Params = Type.Object({ rollout: RolloutId }, closed);
const Page = {
  cursor: Type.Optional(textLine(200)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100.' })),
};
/** As `Emergency`, which older rollouts hold with reasons of several lines. */
const EmergencyBody = Type.Object(
  { ...Emergency.properties, reason: textLine(500, { minLength: SHORTEST_EMERGENCY_REASON }) },
  { ...closed, description: 'Break glass: these are stepped over, and every operator is notified.' },
);
const Reason = Type.Optional(textLine(500, { description: 'Kept in the history.' }));
const Word = Type.Object({ reason: Reason }, closed);
const Abort = Type.Object(
  { revert: Type.Optional(Type.Boolean({ description: 'Roll back the robots that have it.' })), reason: Reason },
  closed,
);

/** What happened with the robots of a stage, or of the whole rollout. */
const Counts = Type.Object({
  /** Robots by the state of their deployment; states without any are left out. */
  states: Type.Partial(Type.Record(DeploymentState, Type.Integer())),
  unplaced: Type.Integer({ description: 'Robots that have not been given their order yet.' }),
  ready: Type.Integer({ description: 'Staged and tested, waiting for the grant to switch.' }),
  granted: Type.Integer({ description: 'May be switching now: what budgets count.' }),
  silent: Type.Integer({ description: 'Timed out before they were let switch: neither a success nor a failure.' }),
});

export const StageView = Type.Object({
  name: Type.String(),
  stage: Stage,
  state: StageState,
  size: Type.Integer({ description: 'Robots of its cohort; 0 until it starts.' }),
  startedAt: Type.Optional(Timestamp),
  soakingSince: Type.Optional(Timestamp),
  endedAt: Type.Optional(Timestamp),
  promotedBy: Type.Optional(Type.String()),
  acceptedFailures: Type.Optional(Type.Integer({ description: 'Failures that a person has accepted already.' })),
  verdict: Type.Optional(Refusal),
  counts: Counts,
});

const NotReached = Type.Object({
  robot: RobotId,
  why: Type.String({ description: 'One sentence.' }),
});

export const RolloutView = Type.Object({
  rollout: RolloutId,
  generation: Type.Integer(),
  revision: Type.Optional(
    Type.String({ description: 'What commands depend on. Send it back in quotes as If-Match with a command.' }),
  ),
  state: RolloutState,
  spec: RolloutSpec,
  createdAt: Timestamp,
  createdBy: Type.String(),
  startedAt: Type.Optional(Timestamp),
  endedAt: Type.Optional(Timestamp),
  members: Type.Integer(),
  excluded: Type.Integer({ description: 'Robots of the target left out before anything was counted.' }),
  /** Index of the stage that works now; as many as there are stages when all have passed. */
  stage: Type.Integer(),
  stages: Type.Array(StageView),
  approval: Type.Optional(
    Type.Object({
      needed: Type.Integer(),
      expiresAt: Timestamp,
      votes: Type.Array(Type.Object({ ...Vote.properties, at: Timestamp })),
    }),
  ),
  stopped: Type.Optional(Type.Object({ by: Type.String(), at: Timestamp, why: Refusal })),
  switchingSince: Type.Optional(Timestamp),
  finalisedAt: Type.Optional(Timestamp),
  followedBy: Type.Optional(RolloutId),
  undoes: Type.Optional({ ...RolloutId, description: 'The rollout that this one undoes.' }),
  notReached: Type.Optional(
    Type.Object(
      {
        count: Type.Integer(),
        robots: Type.Array(NotReached, { description: 'The first of them, by name.' }),
      },
      {
        description:
          'Of an undoing: robots that may still run the undone release and are not on their way back. Each is brought back when it returns. Only in the view of one rollout.',
      },
    ),
  ),
  joined: Type.Optional(
    Type.Boolean({
      description:
        'In the answer to a request to undo: the same robots are being brought back already, and no second undoing was made.',
    }),
  ),
  /** Why nothing happens right now, in the engine's own words; absent while it is about to act. */
  blocked: Type.Optional(Type.Object({ why: Refusal, until: Type.Optional(Timestamp) })),
});

const MemberView = Type.Object({
  robot: RobotId,
  stage: Type.Optional(Type.Integer({ description: 'Index; absent before its cohort is fixed.' })),
  /** Why it takes no part. */
  excluded: Type.Optional(Refusal),
  deployment: Type.Optional(DeploymentId),
  state: Type.Optional(DeploymentState),
  refusal: Type.Optional(Refusal),
  failureAccepted: Type.Optional(
    Type.Boolean({ description: 'A person has accepted the failure of this attempt: the gate does not count it.' }),
  ),
});

const RolloutEvent = Type.Object({
  at: Timestamp,
  by: Type.String(),
  what: Type.String({ description: 'created, approved, started, stage-begun, stage-passed, paused, …' }),
  detail: Type.Optional(Type.String()),
});

/** A strategy by name, or stages written out. */
const Shape = Type.Union([
  Type.Object({ strategy: Type.Literal('all-at-once') }, closed),
  Type.Object({ strategy: Type.Literal('staged') }, closed),
  Type.Object(
    {
      strategy: Type.Literal('rolling'),
      size: HowMany,
      delaySec: Type.Optional(Type.Integer({ minimum: 0, maximum: LARGEST_INT32 })),
      maxUnavailable: Type.Optional(HowMany),
    },
    closed,
  ),
  Type.Object({ strategy: Type.Literal('blue-green'), switchAt: Type.Optional(Timestamp) }, closed),
  Type.Object(
    {
      strategy: Type.Enum([...STRATEGIES, 'custom']),
      stages: Type.Array(Stage, { minItems: 1, maxItems: 50 }),
      switchAt: Type.Optional({ ...Timestamp, description: 'Blue-green: when all switch. Absent: on command.' }),
    },
    closed,
  ),
]);

export const CreateRollout = Type.Object(
  {
    target: Target,
    component: ComponentName,
    version: Version,
    environment: Type.Optional({
      ...EnvironmentName,
      description: 'Needed where robots of several environments are meant: a rollout stays in one.',
    }),
    shape: Type.Optional({ ...Shape, description: 'Default: staged.' }),
    newRobots: Type.Optional(Type.Enum(['include', 'leave-out'], { description: 'Default leave-out.' })),
    onFailure: Type.Optional({ ...FailurePolicy, description: "Default: the environment's policy." }),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'Default 50.' })),
    startAt: Type.Optional(Timestamp),
    allowDowngrade: Type.Optional(Type.Boolean()),
    seed: Type.Optional(textLine(100)),
    reason: Reason,
    emergency: Type.Optional(EmergencyBody),
  },
  closed,
);

export const CreateRollback = Type.Object(
  {
    target: Target,
    component: ComponentName,
    toVersion: Type.Optional({ ...Version, description: 'Absent: each robot goes to its own previous release.' }),
    environment: Type.Optional(EnvironmentName),
    shape: Type.Optional({ ...Shape, description: 'Default: staged. all-at-once is immediate.' }),
    reason: Reason,
    confirmAbandoned: ConfirmAbandoned,
    emergency: Type.Optional(EmergencyBody),
  },
  closed,
);

const act = <V extends string>(verb: V, summary: string) =>
  ({
    method: 'POST',
    path: `/api/v1/rollouts/:rollout/${verb}`,
    access: 'operator',
    tag: 'rollouts',
    summary,
    params: Params,
    body: Word,
    reply: RolloutView,
    etag: 'checked',
  }) as const;

export const rolloutApi = {
  createRollout: {
    method: 'POST',
    path: '/api/v1/rollouts',
    access: 'operator',
    tag: 'rollouts',
    summary: 'Send a release to a target in stages',
    body: CreateRollout,
    reply: RolloutView,
    status: 201,
  },
  createRollback: {
    method: 'POST',
    path: '/api/v1/rollouts/rollback',
    access: 'operator',
    tag: 'rollouts',
    summary: 'Send a target back, in stages or at once',
    body: CreateRollback,
    reply: RolloutView,
    status: 201,
  },
  listRollouts: {
    method: 'GET',
    path: '/api/v1/rollouts',
    access: 'viewer',
    tag: 'rollouts',
    summary: 'Rollouts, newest first',
    query: Type.Object(
      { state: Type.Optional(RolloutState), component: Type.Optional(ComponentName), ...Page },
      closed,
    ),
    reply: Type.Object({ items: Type.Array(RolloutView), next: Type.Optional(Type.String()) }),
  },
  showRollout: {
    method: 'GET',
    path: '/api/v1/rollouts/:rollout',
    access: 'viewer',
    tag: 'rollouts',
    summary: 'One rollout: its stages, their robots in numbers, and what blocks it',
    params: Params,
    reply: RolloutView,
    etag: 'given',
  },
  listRolloutRobots: {
    method: 'GET',
    path: '/api/v1/rollouts/:rollout/robots',
    access: 'viewer',
    tag: 'rollouts',
    summary: 'Its robots, by name: stage, deployment, or why they were left out',
    params: Params,
    query: Type.Object(
      {
        stage: Type.Optional(Type.Integer({ minimum: 0, maximum: LARGEST_INT32 })),
        state: Type.Optional(DeploymentState),
        excluded: Type.Optional(
          Type.Enum(['only', 'none'], { description: 'Only robots that were left out, or none of them.' }),
        ),
        ...Page,
      },
      closed,
    ),
    reply: Type.Object({ items: Type.Array(MemberView), next: Type.Optional(Type.String()) }),
  },
  rolloutHistory: {
    method: 'GET',
    path: '/api/v1/rollouts/:rollout/history',
    access: 'viewer',
    tag: 'rollouts',
    summary: 'Everything that happened to it, oldest first',
    params: Params,
    reply: Type.Object({ items: Type.Array(RolloutEvent) }),
  },
  approveRollout: act('approve', 'Agree that it starts; never the person who made it'),
  denyRollout: act('deny', 'Refuse it for good'),
  pauseRollout: act('pause', 'Stop offering and granting; robots in the middle of a switch finish'),
  resumeRollout: act('resume', 'Go on, accepting the failures so far'),
  promoteRollout: act('promote', 'Let the present stage pass now'),
  abortRollout: { ...act('abort', 'End it: what has not switched is withdrawn'), body: Abort },
  switchRollout: act('switch', 'Blue-green: all ready robots switch now'),
  switchBackRollout: act('switch-back', 'Blue-green: all robots go back to the release that is kept ready'),
  finaliseRollout: act('finalise', 'Blue-green: the previous release is not needed any more'),
  retryRollout: act('retry', 'Order it once more of the robots on which it failed, timed out or was cancelled'),
} as const satisfies Api;
