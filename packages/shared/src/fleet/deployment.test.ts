import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Refusal } from '../failure.ts';
import type { ComponentName, DeploymentId } from '../ids.ts';
import type { ReportEvent } from '../trust/report.ts';
import { advance, afterCancel, afterReport, DEPLOYMENT, isOrdered, mayBeHeld } from './deployment.ts';
import { DEPLOYMENT_STATES, isTerminal, UPDATE_STATES } from './states.ts';

const of = { deployment: 'dep_0123456789' as DeploymentId, component: 'duck-policy' as ComponentName };
const doing = (state: (typeof UPDATE_STATES)[number]): ReportEvent => ({ event: 'update-state', ...of, state });
const ended = (
  outcome: 'succeeded' | 'failed' | 'rolled-back' | 'rejected' | 'skipped' | 'cancelled',
): ReportEvent => ({
  event: 'update-ended',
  ...of,
  outcome,
});
const state = fc.constantFrom(...DEPLOYMENT_STATES);
const event = fc.oneof(
  fc.constantFrom(...UPDATE_STATES).map(doing),
  fc.constantFrom('succeeded', 'failed', 'rolled-back', 'rejected', 'skipped', 'cancelled').map(ended),
);
const rank = (of: (typeof DEPLOYMENT_STATES)[number]) => DEPLOYMENT[of].rank;

describe('a deployment', () => {
  test('follows a robot through a whole update', () => {
    const story = UPDATE_STATES.map(doing).slice(1, 9);
    const path = story.map((_, index) => story.slice(0, index + 1).reduce(afterReport, 'offered'));
    expect([...new Set(path)]).toEqual(['downloading', 'staged', 'waiting', 'switching', 'probation']);
    expect(afterReport('probation', ended('succeeded'))).toBe('succeeded');
  });

  test('of a robot that waits before its download has not been staged', () => {
    const refusal = { phase: 'decide' } as Refusal;
    expect(afterReport('offered', { event: 'update-state', ...of, state: 'waiting', refusal })).toBe('offered');
  });

  test('that was rejected never becomes failed, whatever is said later', () => {
    fc.assert(
      fc.property(fc.array(event), (events) => {
        expect(events.reduce(afterReport, 'rejected')).toBe('rejected');
      }),
    );
  });

  test('never moves back, but for a robot that turned round before its switch, whatever the order and however often reports arrive', () => {
    fc.assert(
      fc.property(state, fc.array(event), (start, events) => {
        let at = start;
        for (const each of events) {
          const next = afterReport(at, each);
          if (at === 'switching' && next === 'waiting') {
            at = next;
            continue;
          }
          expect(rank(next)).toBeGreaterThanOrEqual(rank(at));
          if (rank(next) === rank(at)) expect(next).toBe(at);
          expect(afterReport(next, each)).toBe(next);
          at = next;
        }
      }),
    );
  });

  test('of a robot that asked once more before its switch and was told to wait, waits', () => {
    expect([doing('switching'), doing('waiting')].reduce(afterReport, 'waiting')).toBe('waiting');
    expect(afterReport('probation', doing('waiting'))).toBe('probation');
    expect(mayBeHeld('switching')).toBe(true);
    expect(mayBeHeld('probation')).toBe(false);
  });

  test('that ended never runs again', () => {
    fc.assert(
      fc.property(state.filter(isTerminal), event, (end, later) => {
        expect(isTerminal(afterReport(end, later))).toBe(true);
        expect(isTerminal(advance(end, 'offered'))).toBe(true);
      }),
    );
  });

  test('that was cancelled too late shows what the robot did', () => {
    expect(afterReport('cancelled', ended('succeeded'))).toBe('succeeded');
    expect(afterReport('cancelled', ended('rolled-back'))).toBe('rolled-back');
    expect(afterReport('cancelled', doing('probation'))).toBe('cancelled');
  });

  test('can be withdrawn until the robot begins to switch', () => {
    const withdrawn = DEPLOYMENT_STATES.filter((from) => afterCancel(from) === 'cancelled' && from !== 'cancelled');
    expect(withdrawn).toEqual(['pending', 'offered', 'downloading', 'staged', 'waiting']);
  });

  test('is ordered while it runs and after it succeeded, and never after it ended otherwise', () => {
    for (const each of DEPLOYMENT_STATES) {
      expect(isOrdered(each)).toBe(!isTerminal(each) || each === 'succeeded' || each === 'degraded');
    }
  });
});
