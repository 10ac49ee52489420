/** The one update in progress, as it lies on disk: written before a step acts, absent when the agent is idle. */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { ComponentName, DeploymentId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';
import { OrderTerms } from '../trust/assignment.ts';
import { OUTCOMES } from './outcome.ts';
import { STEPS } from './step.ts';

const closed = { additionalProperties: false };
/** Version N reads N-1's journal (a fixture of every older format stays in the tests). */
export const JOURNAL_SCHEMA = 'fairlead.journal.v1';

/** A release as the robot remembers it: its whole identity and its place in the environment's order. */
export const InstalledRelease = Type.Object(
  {
    component: ComponentName,
    version: Version,
    manifestSha256: Sha256,
    /** Absent where the disk lost it; never made up, because what may be installed depends on it. */
    releaseCounter: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export type InstalledRelease = Static<typeof InstalledRelease>;

export const Journal = Type.Object(
  {
    schema: Type.Literal(JOURNAL_SCHEMA),
    deployment: DeploymentId,
    component: ComponentName,
    /** Where we go. Its manifest lies beside the release folder and is re-read by digest. */
    candidate: InstalledRelease,
    /** What ran when this update began; absent on a first install. */
    current: Type.Optional(InstalledRelease),
    step: Type.Enum([...STEPS, 'done']),
    /** How often the present step was begun. */
    starts: Type.Integer({ minimum: 1 }),
    startedAt: Timestamp,
    stepStartedAt: Timestamp,
    /** Why the story turned, from the first step that failed. */
    refusal: Type.Optional(Refusal),
    outcome: Type.Optional(Type.Enum([...OUTCOMES])),
    /** Folder of the saved mutable state, relative to the component; absent before prove-parachute. */
    stateBackup: Type.Optional(Type.String({ maxLength: 300 })),
    /** Set by a person or the server; obeyed at the next step that may still stop (never after switch). */
    cancelRequested: Type.Optional(Type.Boolean()),
    /** What the control plane said last of the switch: after a restart it binds until the next answer. */
    terms: Type.Optional(OrderTerms),
    /** The agent was asked to stop in the middle of this step: that start is not held against it. */
    paused: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type Journal = Static<typeof Journal>;
