/** Follows one update for the history of this robot: how long each step takes, and what it waits for. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Journal } from '@fairlead/shared/update/journal';
import type { StepResult } from '@fairlead/shared/update/journey';
import type { StepDeps } from './step-deps.ts';

export interface UpdateRecord {
  onStep(journal: Journal): void;
  onStepEnded(journal: Journal, result: StepResult): void;
  onWaiting(reason: Refusal | undefined): void;
}

export function recordUpdate(
  start: Journal,
  { history, elapsed }: Pick<StepDeps, 'history' | 'elapsed'>,
): UpdateRecord {
  let current = start;
  let stepStart = elapsed();
  let lastReason = '';
  if (start.step !== 'done') history.onStarted(start);
  return {
    onStep(journal) {
      current = journal;
      stepStart = elapsed();
      lastReason = '';
    },
    onStepEnded: (journal, result) => history.onStepEnded(journal, result, elapsed() - stepStart),
    onWaiting(reason) {
      // A reason may carry a figure that changes with each look: its kind is what matters.
      const kind = reason ? `${reason.category} ${reason.element}` : '';
      if (reason && kind !== lastReason) history.onWaiting(current, reason);
      lastReason = kind;
    },
  };
}
