/**
 * How an update can end, and which end a failing step means. `rejected` says that the robot refused the
 * release before anything was switched; `failed` that it tried and the world (disk, network, power) failed;
 * `rolled-back` that the release was switched to and given up again. Operators act on that difference: a
 * rejected release needs a new release, a failed update may only need more disk.
 */
import type { Step } from './step.ts';

export const OUTCOMES = ['succeeded', 'failed', 'rolled-back', 'rejected', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a step's failure means, unless the step knows better. 'by-cause': see WORLD. */
type Meaning = 'failed' | 'rolled-back' | 'by-cause';

// biome-ignore format: the table is read by column
const MEANING: Readonly<Record<Step, Meaning>> = {
  'download':        'by-cause',
  'verify':          'by-cause',
  'stage':           'by-cause',
  'smoke-test':      'by-cause',
  // The candidate is innocent here: what can't be proven or saved is what runs now.
  'prove-parachute': 'failed',
  'wait':            'failed',
  'switch':          'rolled-back',
  'probation':       'rolled-back',
  // These four never end an update by failing; named so that a new step can't be forgotten.
  'commit':          'failed',
  'roll-back':       'failed',
  'discard':         'failed',
  'report':          'failed',
};

/** Categories that accuse the world and not the release. Whatever is not here accuses the release. */
const WORLD: ReadonlySet<string> = new Set([
  'disk_full',
  'io',
  'interrupted',
  'unreachable',
  'slow',
  'encoding',
  'redirect',
  'http_status',
  'not_found',
  'forbidden',
  'missing_manifest',
  'damaged_manifest',
  'out_of_retries',
  'unexpected',
  'could_not_run',
  // Verdicts by time: the same release may pass on this robot when it is less busy, or cooler.
  'machine_busy',
  'timed_out',
  'too_slow',
]);

/** The outcome of an update whose `step` failed for a reason of this category. */
export function outcomeOf(step: Step, category: string): Outcome {
  const meaning = MEANING[step];
  if (meaning !== 'by-cause') return meaning;
  return WORLD.has(category) ? 'failed' : 'rejected';
}
