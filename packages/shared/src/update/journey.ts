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
import type { Instant } from '../time.ts';
import type { Journal, Outcome } from './journal.ts';

interface Row {
  readonly starts: number;
  readonly onSuccess: Step | 'done';
  readonly onFailure: Step | 'done';
}

export const STEPS = [
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
] as const;
export type Step = (typeof STEPS)[number];

// biome-ignore format: the table is read by column
export const JOURNEY: Readonly<Record<Step, Row>> = {
  'download':        { starts: 10,       onSuccess: 'verify',          onFailure: 'discard'   },
  'verify':          { starts: 3,        onSuccess: 'stage',           onFailure: 'discard'   },
  'stage':           { starts: 3,        onSuccess: 'smoke-test',      onFailure: 'discard'   },
  // Once: a model that takes the whole machine down must not do so again after the reboot.
  'smoke-test':      { starts: 1,        onSuccess: 'prove-parachute', onFailure: 'discard'   },
  'prove-parachute': { starts: 3,        onSuccess: 'wait',            onFailure: 'discard'   },
  'wait':            { starts: Infinity, onSuccess: 'switch',          onFailure: 'discard'   },
  'switch':          { starts: 3,        onSuccess: 'probation',       onFailure: 'roll-back' },
  'probation':       { starts: 3,        onSuccess: 'commit',          onFailure: 'roll-back' },
  'commit':          { starts: Infinity, onSuccess: 'report',          onFailure: 'commit'    },
  'roll-back':       { starts: Infinity, onSuccess: 'discard',         onFailure: 'roll-back' },
  'discard':         { starts: 3,        onSuccess: 'report',          onFailure: 'report'    },
  'report':          { starts: Infinity, onSuccess: 'done',            onFailure: 'report'    },
};

export type StepResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly refused: Refusal; readonly outcome?: Outcome };

export type { Instant, Journal };
