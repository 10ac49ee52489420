import { describe, expect, test } from 'vitest';
import type { ComponentName, RolloutId } from '../ids.ts';
import { type HoldFacts, holdOf, mayOffer, windowFor } from './hold.ts';
import { ROLLOUT_STATES } from './states.ts';

const spec = { component: 'duck-policy' as ComponentName } as HoldFacts['rollout']['spec'];
const rollout = (state: HoldFacts['rollout']['state']) => ({ rollout: 'ro_0123456789' as RolloutId, state, spec });
const OPEN = { open: true } as const;
const SHUT = { open: false, opensAt: Date.UTC(2026, 10, 22, 1), window: 'nights' } as const;

describe('a robot', () => {
  test('that was let switch, inside its window, in a rollout that runs, is not held', () => {
    expect(holdOf({ rollout: rollout('running'), isGranted: true, window: OPEN })).toBeUndefined();
  });

  test.each(ROLLOUT_STATES.filter((state) => !mayOffer({ state })))(
    'of a rollout that is %s is held, granted or not',
    (state) => {
      expect(holdOf({ rollout: rollout(state), isGranted: true, window: OPEN })).toBeDefined();
    },
  );

  test('that was let switch is held again when its window closes', () => {
    expect(holdOf({ rollout: rollout('running'), isGranted: true, window: SHUT })).toMatchObject({
      category: 'outside_window',
      detail: 'Its maintenance window nights opens at 2026-11-22T01:00:00.000Z.',
    });
  });

  test('that goes back, or whose order breaks the glass, waits for no window', () => {
    expect(windowFor({ kind: 'rollback', skips: [] }, SHUT)).toEqual(OPEN);
    expect(windowFor({ kind: 'deploy', skips: ['window'] }, SHUT)).toEqual(OPEN);
    expect(windowFor({ kind: 'deploy', skips: ['lease'] }, SHUT)).toEqual(SHUT);
  });
});
