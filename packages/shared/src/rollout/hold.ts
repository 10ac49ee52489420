/**
 * May this robot be told of its order, and may it switch? Asked at offer time and again right before the switch
 * (decision 16). What it answers is what the robot obeys, and what `explain` shows.
 */
import type { Refusal } from '../failure.ts';
import type { ComponentName } from '../ids.ts';
import { type Instant, toTimestamp } from '../time.ts';
import type { Rollout } from './rollout.ts';
import { hasPassedAllStages } from './states.ts';

/** The maintenance window of one robot, as of now. */
export type WindowWord =
  | { readonly open: true }
  | { readonly open: false; readonly opensAt: Instant; readonly window: string };

export interface HoldFacts {
  readonly rollout: Pick<Rollout, 'rollout' | 'state' | 'stopped' | 'spec'>;
  /** The engine let this robot switch. */
  readonly isGranted: boolean;
  readonly window: WindowWord;
}

/**
 * The window as this order meets it. Going back waits for no window: a robot with a bad release is worse off than one
 * that is disturbed.
 */
export const windowFor = (
  { kind, skips }: { readonly kind: 'deploy' | 'rollback'; readonly skips: readonly string[] },
  window: WindowWord,
): WindowWord => (kind === 'rollback' || skips.includes('window') ? { open: true } : window);

/** Nothing new is begun while the rollout stands still. */
export const mayOffer = ({ state }: Pick<Rollout, 'state'>): boolean =>
  state === 'running' || hasPassedAllStages(state);

/** Why the robot may not switch now; undefined where it may. */
export function holdOf(facts: HoldFacts): Refusal | undefined {
  const { rollout, isGranted } = facts;
  if (!mayOffer(rollout)) return rollout.stopped?.why ?? standsStill(rollout);
  const { rollout: element, spec } = rollout;
  const closed = closedWindow({ element, component: spec.component, window: facts.window });
  if (closed) return closed;
  return isGranted ? undefined : ungranted(rollout);
}

/** `element`: the rollout or direct order that waits for it. */
export function closedWindow(order: {
  readonly element: string;
  readonly component: ComponentName;
  readonly window: WindowWord;
}): Refusal | undefined {
  const { element, component, window } = order;
  if (window.open) return undefined;
  return {
    phase: 'wait',
    component,
    element,
    category: 'outside_window',
    detail: `Its maintenance window ${window.window} opens at ${toTimestamp(window.opensAt)}.`,
    retryable: true,
    hint: 'Nothing to do: it switches by itself when the window opens.',
  };
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
