/**
 * The story of an update on the robot, as one table.
 *
 * `starts` is how often a step may be begun, counting starts that a crash or a power cut interrupted: crash
 * recovery is that column and not a second table. `onSuccess` and `onFailure` say where the story goes on.
 * Two pure reducers walk it: `settle` after a step ended, `resume` after the agent (re)started.
 *
 * Laws: a step is idempotent; `switch` and `commit` are each one rename and an fsync of the folder; step names are a file format
 * (an updated agent reads its predecessor's journal), so they carry JOURNAL_SCHEMA and are never renamed.
 */
import type { Refusal } from '../failure.ts';
import { type Instant, toTimestamp } from '../time.ts';
import { type InstalledRelease, JOURNAL_SCHEMA, type Journal } from './journal.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Step } from './step.ts';

interface Row {
  readonly starts: number;
  readonly onSuccess: Step | 'done';
  readonly onFailure: Step | 'done';
}
export type Journey = Readonly<Record<Step, Row>>;

// biome-ignore format: the table is read by column
export const JOURNEY: Journey = {
  'download':        { starts: 10,       onSuccess: 'verify',          onFailure: 'discard'   },
  'verify':          { starts: 3,        onSuccess: 'stage',           onFailure: 'discard'   },
  'stage':           { starts: 3,        onSuccess: 'smoke-test',      onFailure: 'discard'   },
  // Twice: most interruptions are a reboot or a power cut. A model that took the machine down twice is not tried again.
  'smoke-test':      { starts: 2,        onSuccess: 'prove-parachute', onFailure: 'discard'   },
  'prove-parachute': { starts: 3,        onSuccess: 'wait',            onFailure: 'discard'   },
  'wait':            { starts: Infinity, onSuccess: 'switch',          onFailure: 'discard'   },
  'switch':          { starts: 3,        onSuccess: 'probation',       onFailure: 'roll-back' },
  'probation':       { starts: 3,        onSuccess: 'commit',          onFailure: 'roll-back' },
  'commit':          { starts: Infinity, onSuccess: 'report',          onFailure: 'commit'    },
  'roll-back':       { starts: Infinity, onSuccess: 'discard',         onFailure: 'roll-back' },
  'discard':         { starts: 3,        onSuccess: 'report',          onFailure: 'report'    },
  'report':          { starts: Infinity, onSuccess: 'done',            onFailure: 'report'    },
};

/** Steps after which a cancellation is still obeyed: nothing has been switched yet. */
const MAY_CANCEL: ReadonlySet<Step> = new Set(['download', 'verify', 'stage', 'smoke-test', 'prove-parachute', 'wait']);
export const mayCancel = (step: Journal['step']): boolean => step !== 'done' && MAY_CANCEL.has(step);

export type StepResult =
  /** `outcome` only where the step knows better than the table (a roll-back that found nothing to fall back to). */
  | { readonly ok: true; readonly outcome?: Outcome; readonly stateBackup?: string }
  /** `notNow`: `switch` asked its own fresh question and may not act yet; it goes back to `wait`. */
  | { readonly ok: false; readonly refused: Refusal; readonly outcome?: Outcome; readonly notNow?: true };

/** The journal of an update that is about to take its first step. */
export function begin(
  order: Pick<Journal, 'deployment' | 'component' | 'candidate'>,
  current: InstalledRelease | undefined,
  now: Instant,
): Journal {
  const { deployment, component, candidate } = order;
  const at = toTimestamp(now);
  const head = { schema: JOURNAL_SCHEMA, deployment, component, candidate } as const;
  return { ...head, ...(current && { current }), step: 'download', starts: 1, startedAt: at, stepStartedAt: at };
}

/** A step ended: where the story goes on. The first refusal is kept: it is the reason, later ones are consequences. */
export function settle(journal: Journal, result: StepResult, now: Instant, journey: Journey = JOURNEY): Journal {
  if (journal.step === 'done') return journal;
  if (journal.cancelRequested && mayCancel(journal.step)) return cancel(journal, now, journey);
  const row = journey[journal.step];
  if (!result.ok && result.notNow && journal.step === 'switch') return enter(journal, 'wait', now);
  if (!result.ok) {
    const outcome = result.outcome ?? journal.outcome ?? outcomeOf(journal.step, result.refused.category);
    const turned = turns(journal.step) ? { outcome, refusal: journal.refusal ?? result.refused } : {};
    return enter({ ...journal, ...turned }, row.onFailure, now);
  }
  const outcome = result.outcome ?? (journal.step === 'commit' ? 'succeeded' : journal.outcome);
  const stateBackup = result.stateBackup ?? journal.stateBackup;
  return enter({ ...journal, ...(outcome && { outcome }), ...(stateBackup && { stateBackup }) }, row.onSuccess, now);
}

/** The agent started again and finds this journal: the same step once more, or failed where its starts are used up. */
export function resume(journal: Journal, now: Instant, journey: Journey = JOURNEY): Journal {
  if (journal.step === 'done') return journal;
  if (journal.cancelRequested && mayCancel(journal.step)) return cancel(journal, now, journey);
  const { paused, ...awake } = journal;
  const { starts } = journey[journal.step];
  if (paused) return { ...awake, stepStartedAt: toTimestamp(now) };
  if (journal.starts < starts) return { ...awake, starts: journal.starts + 1, stepStartedAt: toTimestamp(now) };
  return settle(awake, { ok: false, refused: interrupted(awake, journal.step) }, now, journey);
}

/** The agent was asked to stop in mid-step: a planned stop is no crash and costs the step no start. */
export const pause = (journal: Journal): Journal => (journal.step === 'done' ? journal : { ...journal, paused: true });

/** Whether a failure of this step turns the update. `commit`, `roll-back` and `report` are only tried again. */
const turns = (step: Step): boolean => mayCancel(step) || step === 'switch' || step === 'probation';

function enter(journal: Journal, step: Step | 'done', now: Instant): Journal {
  const starts = step === journal.step ? journal.starts + 1 : 1;
  return { ...journal, step, starts, stepStartedAt: toTimestamp(now) };
}

function cancel(journal: Journal, now: Instant, journey: Journey): Journal {
  const refusal: Refusal = {
    phase: journal.step === 'done' ? 'report' : journal.step,
    component: journal.component,
    element: journal.deployment,
    category: 'cancelled',
    detail: `The update to ${journal.candidate.version} was cancelled before it switched.`,
    retryable: true,
    hint: 'Deploy the release again when it is wanted.',
  };
  const step = journal.step === 'done' ? 'done' : journey[journal.step].onFailure;
  return enter({ ...journal, outcome: 'cancelled', refusal }, step, now);
}

function interrupted(journal: Journal, step: Step): Refusal {
  const detail = `The step was begun ${journal.starts} times and the agent died each time before it ended.`;
  const common = { phase: step, component: journal.component, element: step, category: 'interrupted', retryable: true };
  if (step === 'smoke-test') {
    return {
      ...common,
      detail: `${detail} A model of this release may take the whole machine down.`,
      hint: "Look in the robot's log for what took it down (memory, power, watchdog). Test the release on another machine before you deploy it again.",
    };
  }
  return {
    ...common,
    detail,
    hint: "Look in the robot's log for what took it down (memory, power, watchdog), then deploy again.",
  };
}
