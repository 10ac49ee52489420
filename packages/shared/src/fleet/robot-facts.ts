/** What a robot says of itself in a check-in, and what the fleet registry says of a robot. */

import { type Static, Type } from 'typebox';
import { LARGEST_INTEGER } from '../bounds.ts';
import { Refusal } from '../failure.ts';
import { ComponentName, DeploymentId, EnvironmentName, RobotId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';
import { RunningRelease } from '../trust/report.ts';
import { DeploymentState, HEALTH_STATES, Lifecycle, Presence, UpdateState } from './states.ts';

const closed = { additionalProperties: false };
const text = (maxLength = 200) => Type.String({ maxLength });

const LabelName = Type.String({ pattern: '^[a-z0-9A-Z]([a-z0-9A-Z._/-]{0,61}[a-z0-9A-Z])?$' });
const LabelValue = Type.String({
  pattern: '^([a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?)?$',
  description: 'A label value: letters, digits, dots, dashes and underscores, at most 63.',
});
const labelDescription =
  'Free labels, key=value. Keys that the control plane knows of every robot (robot, group, environment, arch, board, os, running/… ) are reserved.';
/** Kubernetes label syntax: values may be empty, at most 63 characters. */
export const Labels = Type.Record(LabelName, LabelValue, {
  ...closed,
  maxProperties: 64,
  description: labelDescription,
});
/** As an enrolment may carry them. Older agents send whatever names `agent.yaml` has: `Labels` is what is kept of them. */
export const SentLabels = Type.Record(LabelName, LabelValue, { maxProperties: 1000, description: labelDescription });
export type Labels = Static<typeof Labels>;

/** What hardly changes: sent at enrolment and whenever its digest changes. */
export const Inventory = Type.Object(
  {
    hostname: text(253),
    arch: text(20),
    board: Type.Optional(text()),
    jetpack: Type.Optional(text(40)),
    os: text(),
    kernel: text(),
    cpu: text(),
    cores: Type.Integer({ minimum: 1, maximum: LARGEST_INTEGER }),
    memoryMb: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
    diskMb: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
    agentVersion: text(56),
    nodeVersion: text(40),
  },
  closed,
);
export type Inventory = Static<typeof Inventory>;

/** Vital signs of the moment. */
export const Vitals = Type.Object(
  {
    uptimeSec: Type.Number({ minimum: 0 }),
    cpuLoad: Type.Number({ minimum: 0, description: 'One-minute load average.' }),
    memoryFreeMb: Type.Number({ minimum: 0 }),
    diskFreeMb: Type.Number({ minimum: 0 }),
    temperatureC: Type.Optional(Type.Number()),
    batteryPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    agentRssMb: Type.Number({ minimum: 0 }),
  },
  closed,
);
export type Vitals = Static<typeof Vitals>;

const MetricName = Type.String({ pattern: '^[a-zA-Z_][a-zA-Z0-9_.-]{0,99}$' });
const metricOptions = {
  maxProperties: 50,
  description: 'Newest values by name, such as inference_latency_p95_ms. Gates of rollouts compare them.',
};
/** What the application measures of itself: a name and its newest value. */
export const Metrics = Type.Record(MetricName, Type.Number(), { ...closed, ...metricOptions });
/**
 * As a check-in may carry them. Older agents take any name from the application: the check-in of a robot must not be
 * refused for one, because it could not be updated any more. `Metrics` is what is kept of them.
 */
export const SentMetrics = Type.Record(MetricName, Type.Number(), metricOptions);
export type Metrics = Static<typeof Metrics>;

/** How the active release of a component does after its commit, from its own health checks. */
export const ComponentHealth = Type.Object(
  {
    state: Type.Enum([...HEALTH_STATES], { description: '"unknown" while no round of checks has been conclusive.' }),
    since: Timestamp,
    /** The failed check; present where it is degraded. */
    refusal: Type.Optional(Refusal),
  },
  closed,
);
export type ComponentHealth = Static<typeof ComponentHealth>;

export const ComponentState = Type.Object(
  {
    component: ComponentName,
    active: Type.Optional(RunningRelease),
    previous: Type.Optional(RunningRelease),
    staged: Type.Optional(RunningRelease),
    health: Type.Optional(ComponentHealth),
  },
  closed,
);
export type ComponentState = Static<typeof ComponentState>;

/** The update in progress, as a check-in shows it. */
export const Activity = Type.Object(
  {
    state: UpdateState,
    component: Type.Optional(ComponentName),
    deployment: Type.Optional(DeploymentId),
    /** 0 to 1 where the step can tell. */
    progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    /** Why it waits or refuses. */
    refusal: Type.Optional(Refusal),
    /** Staged and tested, and nothing on the robot itself speaks against the switch: only the hold of its order does. */
    ready: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type Activity = Static<typeof Activity>;

export const TrustVersions = Type.Object(
  {
    root: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
    timestamp: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
    snapshot: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
    role: Type.Integer({ minimum: 0, maximum: LARGEST_INTEGER }),
  },
  { ...closed, description: 'Newest verified metadata versions on the robot; 0 where none.' },
);
export type TrustVersions = Static<typeof TrustVersions>;

/** A robot as operators see it. */
export const RobotView = Type.Object({
  robot: RobotId,
  lifecycle: Lifecycle,
  presence: Presence,
  environment: EnvironmentName,
  group: Type.Optional(Type.String()),
  labels: Labels,
  keyFingerprint: Sha256,
  /** Set where two holders of one key were seen, or an operator took the robot out. */
  quarantined: Type.Optional(Refusal),
  enrolledAt: Timestamp,
  lastSeen: Type.Optional(Timestamp),
  inventory: Type.Optional(Inventory),
  vitals: Type.Optional(Vitals),
  components: Type.Array(ComponentState),
  desired: Type.Array(
    Type.Object({
      component: ComponentName,
      version: Version,
      manifestSha256: Sha256,
      deployment: DeploymentId,
      state: DeploymentState,
    }),
  ),
  activity: Type.Optional(Activity),
  trust: Type.Optional(TrustVersions),
});
export type RobotView = Static<typeof RobotView>;
