/** The one update in progress, as it lies on disk: written before a step acts, absent when the agent is idle. */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { ComponentName, DeploymentId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';

const closed = { additionalProperties: false };
/** Version N reads N-1's journal (a fixture of every older format stays in the tests). */
export const JOURNAL_SCHEMA = 'fairlead.journal.v1';

const Release = Type.Object(
  { component: ComponentName, version: Version, manifestSha256: Sha256, releaseCounter: Type.Integer({ minimum: 1 }) },
  closed,
);

export const OUTCOMES = ['succeeded', 'failed', 'rolled-back', 'rejected', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const Journal = Type.Object(
  {
    schema: Type.Literal(JOURNAL_SCHEMA),
    deployment: DeploymentId,
    component: ComponentName,
    /** Where we go. Its manifest lies beside the release folder and is re-read by digest. */
    candidate: Release,
    /** What ran when this update began; absent on a first install. */
    current: Type.Optional(Release),
    step: Type.Enum([
      'download',
      'verify',
      'stage',
      'smoke-test',
      'prove-parachute',
      'wait',
      'switch',
      'probation',
      'commit',
      'roll-back',
      'discard',
      'report',
      'done',
    ]),
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
  },
  closed,
);
export type Journal = Static<typeof Journal>;
