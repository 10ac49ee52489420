/**
 * The driver of one update: the journal is durable before each step acts, and the table says what comes next.
 * It knows no step; it can't take a short cut.
 */
import { type Clock, SECOND } from '@fairlead/shared/time';
import type { Journal } from '@fairlead/shared/update/journal';
import { mayCancel, pause, type StepResult, settle } from '@fairlead/shared/update/journey';
import { backOff } from '@fairlead/shared/update/retry';
import type { Step } from '@fairlead/shared/update/step';
import type { JournalStore } from '../journal/journal-store.ts';
import { refusalOf } from './refusal-of.ts';
import type { StandingOrder } from './standing-order.ts';
import type { Steps, Update } from './steps.ts';

export interface DriverDeps {
  readonly store: Pick<JournalStore, 'write'>;
  readonly steps: Steps;
  readonly clock: Clock;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}
/** What may interrupt the update, and who watches it. */
export interface Control {
  /** The agent was asked to stop: leave at the next good moment and go on after the restart. */
  readonly stop: AbortSignal;
  /** A person or the server called the update off. */
  readonly cancel: AbortSignal;
  /** Called when a step begins, after its journal is durable. */
  readonly onStep: (journal: Journal & { readonly step: Step }) => void;
  /** Called when a step has ended, or was left because the agent stops. */
  readonly onStepEnded: (journal: Journal & { readonly step: Step }, result: StepResult) => void;
  /** The disk does not take the journal, so nothing may act: whoever runs services sees to it that they run. */
  readonly onStuck: () => Promise<void>;
  readonly watch: Pick<Update, 'progress' | 'waits'>;
  /** What the control plane says of the switch. */
  readonly order: StandingOrder;
}

/** Runs an update from its journal to its end. Returns the last journal: `done`, or `paused` where the agent stops. */
export async function runUpdate(start: Journal, deps: DriverDeps, control: Control): Promise<Journal> {
  let journal = start;
  await persist(journal, deps, control);
  while (isUnderWay(journal)) {
    control.onStep(journal);
    const result = await act(journal, deps.steps, control);
    control.onStepEnded(journal, result);
    const unfinished = !result.ok && control.stop.aborted;
    if (!unfinished) journal = settle(asCancelled(journal, control), result, deps.clock.now());
    // A step that was stopped, or that is not begun any more, is not charged with a start.
    if (control.stop.aborted) journal = pause(journal);
    await persist(journal, deps, control);
    if (journal.paused) return journal;
    // Only steps that may never give up (commit, roll-back, report) come back to themselves.
    if (!result.ok && journal.starts > 1) await deps.sleep(backOff(journal.starts - 1, deps.random()), control.stop);
  }
  return journal;
}

const isUnderWay = (journal: Journal): journal is Journal & { step: Step } => journal.step !== 'done';

async function act(journal: Journal & { step: Step }, steps: Steps, control: Control): Promise<StepResult> {
  const { stop, cancel, watch, order } = control;
  // Once it switches, an update is no longer called off half-way: probation and roll-back decide.
  const signal = mayCancel(journal.step) ? AbortSignal.any([stop, cancel]) : stop;
  try {
    return await steps[journal.step]({ journal, signal, order, ...watch });
  } catch (error) {
    return { ok: false, refused: refusalOf(error, journal.step, journal.component) };
  }
}

const asCancelled = (journal: Journal, { cancel }: Control): Journal =>
  cancel.aborted ? { ...journal, cancelRequested: true } : journal;

/** No step acts before its journal is durable, so a full or broken disk is waited for: half an update is worse. */
async function persist(journal: Journal, deps: DriverDeps, control: Control): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await deps.store.write(journal);
    } catch (error) {
      control.watch.waits(refusalOf(error, journal.step === 'done' ? 'report' : journal.step, journal.component));
      if (control.stop.aborted) throw error;
      // Before the switch nothing was stopped, and whoever stopped it since is not our business.
      if (attempt === 1 && !mayCancel(journal.step)) await control.onStuck();
      await deps.sleep(Math.min(backOff(attempt, deps.random()), 30 * SECOND), control.stop);
    }
  }
}
