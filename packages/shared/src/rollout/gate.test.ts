import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RolloutId } from '../ids.ts';
import { type GateFacts, judgeGate, refusalOfGate, wilson } from './gate.ts';
import type { Gate } from './rollout-spec.ts';

const judge = (gate: Gate | undefined, facts: Partial<GateFacts['outcomes']> & { size: number; unplaced?: number }) => {
  const { size, unplaced = 0, ...counts } = facts;
  const outcomes = { succeeded: 0, failed: 0, neutral: 0, open: 0, ...counts };
  return judgeGate({ gate, size, unplaced, accepted: 0, outcomes });
};

describe('a gate without wishes', () => {
  test.each([
    ['waits while robots are at work', { size: 10, succeeded: 9, open: 1 }, 'waiting'],
    ['waits for robots that have not begun', { size: 10, succeeded: 9, unplaced: 1 }, 'waiting'],
    ['passes when all have it', { size: 10, succeeded: 10 }, 'passed'],
    ['passes with nine tenths, where the others were never heard', { size: 10, succeeded: 9, neutral: 1 }, 'passed'],
    ['cannot judge a canary that was never heard', { size: 1, neutral: 1 }, 'inconclusive'],
    ['cannot judge with fewer than nine tenths', { size: 10, succeeded: 8, neutral: 2 }, 'inconclusive'],
    ['fails at the first failure, whoever is still at work', { size: 10, failed: 1, open: 9 }, 'failed'],
    ['passes a stage that nobody belongs to', { size: 0 }, 'passed'],
  ] as const)('%s', (_, facts, verdict) => {
    expect(judge(undefined, facts).gate).toBe(verdict);
  });
});

test('a gate that cannot be judged counts timed-out robots and withdrawn orders separately', () => {
  const says = (counts: object) => judge(undefined, { size: 10, succeeded: 7, ...counts }).says;
  expect(says({ neutral: 3, silent: 2 })).toBe(
    '7 of 10 robots succeeded and 9 must; 2 timed out before the switch; 1 was withdrawn',
  );
  expect(says({ neutral: 3 })).toBe('7 of 10 robots succeeded and 9 must; 3 were withdrawn');
  expect(says({ neutral: 3, silent: 3 })).toBe('7 of 10 robots succeeded and 9 must; 3 timed out before the switch');
});

test('robots that departed before the end of the soak count neither as successes nor as failures', () => {
  const outcomes = { succeeded: 10, failed: 0, neutral: 0, open: 0 };
  const facts = { gate: undefined, size: 10, unplaced: 0, accepted: 0, outcomes };
  const departed = (count: number) => judgeGate({ ...facts, departed: { count, examples: ['duck-1 is quarantined'] } });
  expect(departed(1).gate).toBe('passed');
  expect(departed(2)).toEqual({
    gate: 'inconclusive',
    category: 'too_few_successes',
    says: '8 of 10 robots succeeded and 9 must; 2 succeeded and were not observed to the end of the soak (duck-1 is quarantined, …)',
  });
  expect(departed(11)).toMatchObject({ says: expect.stringContaining('0 of 10 robots succeeded') });
});

describe('a gate', () => {
  test('that asks for three successes does not wait for the fourth robot', () => {
    expect(judge({ minSuccesses: 3 }, { size: 10, succeeded: 3, open: 7 }).gate).toBe('passed');
    expect(judge({ minSuccesses: 3 }, { size: 10, succeeded: 2, open: 8 }).gate).toBe('waiting');
  });

  test('that allows a tenth of failures counts them of the whole cohort', () => {
    expect(judge({ maxFailures: '10%' }, { size: 20, failed: 2, open: 18 }).gate).toBe('waiting');
    expect(judge({ maxFailures: '10%' }, { size: 20, failed: 3, open: 17 }).gate).toBe('failed');
  });

  test('never allows more failures than it names: a share of failures rounds down', () => {
    expect(judge({ maxFailures: '2%' }, { size: 1, failed: 1 }).gate).toBe('failed');
    expect(judge({ maxFailures: '2%' }, { size: 49, failed: 1, open: 48 }).gate).toBe('failed');
    expect(judge({ maxFailures: '2%' }, { size: 50, failed: 1, open: 49 }).gate).toBe('waiting');
    expect(judge({ maxFailures: '2%' }, { size: 99, failed: 2, open: 97 }).gate).toBe('failed');
    expect(judge({ maxFailures: '10%' }, { size: 19, failed: 2, open: 17 }).gate).toBe('failed');
  });

  test('never asks for fewer successes than it names: a share of successes rounds up', () => {
    expect(judge({ minSuccesses: '90%' }, { size: 11, succeeded: 9, neutral: 2 }).gate).toBe('inconclusive');
    expect(judge({ minSuccesses: '90%' }, { size: 11, succeeded: 10, neutral: 1 }).gate).toBe('passed');
  });

  test('with a confidence says that two robots prove little, and that three hundred prove enough', () => {
    const gate: Gate = { maxFailures: '5%', minSuccesses: 1, confidence: 0.95 };
    expect(judge(gate, { size: 2, succeeded: 2 })).toMatchObject({ gate: 'inconclusive', category: 'too_few_robots' });
    expect(judge(gate, { size: 300, succeeded: 300 }).gate).toBe('passed');
    expect(judge(gate, { size: 10, failed: 1, succeeded: 9 }).gate).toBe('inconclusive');
    expect(judge(gate, { size: 100, failed: 20, succeeded: 30, open: 50 }).gate).toBe('failed');
  });

  test('whose metric is out of bounds fails; one that nobody tells can not be judged', () => {
    const facts = { gate: undefined, size: 2, unplaced: 0, accepted: 0 };
    const outcomes = { succeeded: 2, failed: 0, neutral: 0, open: 0 };
    const conditions = (holds: 'yes' | 'no' | 'unknown') =>
      judgeGate({ ...facts, outcomes, conditions: holds === 'yes' ? { holds } : { holds, says: 'latency' } }).gate;
    expect([conditions('yes'), conditions('no'), conditions('unknown')]).toEqual(['passed', 'failed', 'inconclusive']);
  });

  test('that a person let go on counts only what failed since', () => {
    const facts = { gate: undefined, size: 10, unplaced: 0, accepted: 2 };
    const outcomes = { succeeded: 0, neutral: 0, open: 8 };
    expect(judgeGate({ ...facts, outcomes: { ...outcomes, failed: 2 } }).gate).toBe('waiting');
    expect(judgeGate({ ...facts, outcomes: { ...outcomes, failed: 3, open: 7 } }).gate).toBe('failed');
    expect(judgeGate({ ...facts, outcomes: { ...outcomes, failed: 2, succeeded: 8, open: 0 } }).gate).toBe('passed');
  });
});

test('more failures never make a failed gate pass, more successes never make a passed one fail', () => {
  const counts = fc.record({ succeeded: fc.nat(50), failed: fc.nat(50), neutral: fc.nat(10) });
  const gate = fc.record(
    { maxFailures: fc.oneof(fc.nat(5), fc.constantFrom('5%', '20%')), minSuccesses: fc.constantFrom('50%', '90%') },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(gate, counts, fc.integer({ min: 1, max: 5 }), (wish, outcomes, more) => {
      const size = outcomes.succeeded + outcomes.failed + outcomes.neutral + more;
      const before = judge(wish, { ...outcomes, size, open: more });
      const worse = judge(wish, { ...outcomes, failed: outcomes.failed + more, size });
      if (before.gate === 'failed') expect(worse.gate).toBe('failed');
      const better = judge(wish, { ...outcomes, succeeded: outcomes.succeeded + more, size });
      if (before.gate === 'passed') expect(better.gate).toBe('passed');
    }),
  );
});

test('Wilson bounds are those of the literature', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I: 95 % without continuity correction.
  const cases = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const;
  for (const [hits, of, low, high] of cases) {
    const bounds = wilson(hits, of, 0.95);
    expect(bounds.low).toBeCloseTo(low, 3);
    expect(bounds.high).toBeCloseTo(high, 3);
  }
});

test('a failed gate advises a retry only where that changes something: a degraded robot has the release', () => {
  const verdict = { gate: 'failed', category: 'too_many_failures', says: '1 of 1 robot failed' } as const;
  const { hint } = refusalOfGate(verdict, 'canary', 'ro_0123456789' as RolloutId);
  expect(hint).toContain('then resume or abort it; retry helps where the update itself failed');
});
