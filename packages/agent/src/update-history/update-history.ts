/** Port: what became of the updates and rollbacks of this robot, for its log, `status` and `explain`. */
import { Refusal } from '@fairlead/shared/failure';
import { ComponentName, DeploymentId, Version } from '@fairlead/shared/ids';
import { Timestamp } from '@fairlead/shared/time';
import type { Journal } from '@fairlead/shared/update/journal';
import type { StepResult } from '@fairlead/shared/update/journey';
import { type Static, Type } from 'typebox';

/** How the last update or rollback of a component ended. */
export const LastOutcome = Type.Object(
  {
    component: ComponentName,
    /** The release that was ordered; for a rollback by a person, the release that was left. */
    version: Version,
    outcome: Type.Enum(['succeeded', 'failed', 'rolled-back', 'rejected', 'skipped', 'cancelled']),
    /** Why it did not succeed. */
    refusal: Type.Optional(Refusal),
    /** Absent for a rollback by a person on the robot. */
    deployment: Type.Optional(DeploymentId),
    /** The person on the robot who rolled back. */
    by: Type.Optional(Type.String({ maxLength: 100 })),
    endedAt: Timestamp,
    /** Milliseconds, by the wall clock; absent where nothing was begun. */
    durationMs: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type LastOutcome = Static<typeof LastOutcome>;
export type EndedUpdate = Omit<LastOutcome, 'endedAt'>;

export interface UpdateHistory {
  /** An update begins, or goes on after a restart of the agent. */
  onStarted(journal: Journal): void;
  /** `ms`: how long the step took in this process. */
  onStepEnded(journal: Journal, result: StepResult, ms: number): void;
  /** It waits for something else than before. */
  onWaiting(journal: Journal, reason: Refusal): void;
  /** Resolves once the outcome is durable. Never rejects: a full disk must not decide an update. Repeating it is harmless. */
  onEnded(ended: EndedUpdate): Promise<void>;
  /** The last outcome of each component, newest first; also from before a restart. */
  lastOutcomes(): Promise<readonly LastOutcome[]>;
}

/** For those who keep no history. */
export const noHistory: UpdateHistory = {
  onStarted: () => undefined,
  onStepEnded: () => undefined,
  onWaiting: () => undefined,
  onEnded: async () => undefined,
  lastOutcomes: async () => [],
};
