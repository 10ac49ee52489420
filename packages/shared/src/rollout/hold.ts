/**
 * May this robot be told of its order, and may it switch? Asked at offer time and again right before the switch
 * (decision 16). What it answers is what the robot obeys, and what `explain` shows.
 */
import type { Refusal } from '../failure.ts';
import { type Instant, toTimestamp } from '../time.ts';
import type { Skippable } from '../trust/assignment.ts';
import type { Rollout } from './rollout.ts';

/** The maintenance window of one robot, as of now. */
export type WindowWord =
  | { readonly open: true }
  | { readonly open: false; readonly opensAt: Instant; readonly window: string };

export interface HoldFacts {
  readonly rollout: Pick<Rollout, 'rollout' | 'state' | 'stopped' | 'spec'>;
  /** The engine let this robot switch. */
  readonly isGranted: boolean;
  readonly window: WindowWord;
  readonly skips: readonly Skippable[];
}

/** Nothing new is begun while the rollout stands still. */
export const mayOffer = ({ state }: Pick<Rollout, 'state'>): boolean => state === 'running' || state === 'completed';

/** Why the robot may not switch now; undefined where it may. */
export function holdOf(facts: HoldFacts): Refusal | undefined {
  const { rollout, isGranted, skips } = facts;
  if (!mayOffer(rollout)) return rollout.stopped?.why ?? standsStill(rollout);
  const closed = skips.includes('window') ? undefined : closedWindow(facts);
  if (closed) return closed;
  return isGranted ? undefined : ungranted(rollout);
}

export function closedWindow({ rollout, window }: Pick<HoldFacts, 'rollout' | 'window'>): Refusal | undefined {
  if (window.open) return undefined;
  return refusal(rollout, {
    category: 'outside_window',
    detail: `Its maintenance window ${window.window} opens at ${toTimestamp(window.opensAt)}.`,
    hint: 'Nothing to do: it switches by itself when the window opens.',
  });
}

const ungranted = (rollout: HoldFacts['rollout']): Refusal =>
  refusal(rollout, {
    category: 'awaits_grant',
    detail: 'The release may be staged and tested; the rollout has not let this robot switch yet.',
    hint: `Nothing to do: it is this robot's turn soon. fairlead rollout show ${rollout.rollout}`,
  });

const standsStill = (rollout: HoldFacts['rollout']): Refusal =>
  refusal(rollout, {
    category: rollout.state.replaceAll('-', '_'),
    detail: `Its rollout is ${rollout.state}.`,
    hint: `fairlead rollout show ${rollout.rollout}`,
  });

const refusal = (
  { rollout, spec }: HoldFacts['rollout'],
  what: Pick<Refusal, 'category' | 'detail' | 'hint'>,
): Refusal => ({ phase: 'wait', component: spec.component, element: rollout, retryable: true, ...what });
