/** One function per row of the journey, or it does not compile. */

import type { Refusal } from '@fairlead/shared/failure';
import type { Journal } from '@fairlead/shared/update/journal';
import type { StepResult } from '@fairlead/shared/update/journey';
import type { Step } from '@fairlead/shared/update/step';
import type { StandingOrder } from './standing-order.ts';

/** What a step is given of the update it serves. */
export interface Update {
  readonly journal: Journal;
  /** Aborted when the update is cancelled (before the switch) or the agent is asked to stop. */
  readonly signal: AbortSignal;
  /** 0 to 1, for whoever looks. */
  progress(fraction: number): void;
  /** Why the step does nothing right now; undefined when it goes on. `ready`: nothing on the robot speaks against it. */
  waits(reason: Refusal | undefined, ready?: boolean): void;
  readonly order: StandingOrder;
}
/** Idempotent: begun again after a crash anywhere inside it, it ends as if it had been begun once. */
export type StepFunction = (update: Update) => Promise<StepResult>;
export type Steps = Readonly<Record<Step, StepFunction>>;
