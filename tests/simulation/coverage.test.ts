/** What a set of runs must have put to the test, and the ledger of what was run. */
import { expect, test } from 'vitest';
import { featuresFor, missingFor, neverExercised } from './coverage.ts';
import { ALL_INVARIANTS } from './invariants/checks.ts';
import { formatLedgerLine, freshSeeds, parseLedger } from './ledger.ts';
import { fullSwarm } from './world/swarm.ts';

const once = (names: readonly (typeof ALL_INVARIANTS)[number][]) => ({
  checks: new Map(names.map((name) => [name, 1])),
});

test('an invariant that no run of a set exercised is named', () => {
  const [first, second, ...rest] = ALL_INVARIANTS;
  if (!first || !second) throw new Error('there are no invariants');
  expect(neverExercised([once([first]), once(rest)])).toEqual([second]);
  expect(neverExercised([once([first, second]), once(rest)])).toEqual([]);
});

test('an invariant whose features a swarm disables cannot be asked of that run alone', () => {
  expect(missingFor('schedule-kept', fullSwarm(['schedule']))).toEqual(['schedule']);
  expect(missingFor('schedule-kept', fullSwarm())).toEqual([]);
  expect(missingFor('undone-gone', fullSwarm(['abort-revert']))).toEqual([]);
  expect(missingFor('undone-gone', fullSwarm(['abort-revert', 'switch-back']))).toEqual([
    'abort-revert',
    'switch-back',
  ]);
  expect(featuresFor(['schedule-kept', 'budgets'])).toEqual(['budgets', 'schedule']);
});

test('the ledger reads what it wrote, names a line that is none, and its seeds are not drawn again', () => {
  const line = { seed: 7, robots: 1000, robotYears: 0.513, found: 'undone-gone' };
  const header = 'seed\trobots\trobot-years\tfound\n';
  expect(parseLedger(header + formatLedgerLine(line))).toEqual([line]);
  expect(() => parseLedger(`${header}7\t1000\n`)).toThrow('seeds.tsv:2: expected four columns');
  const draws = [0.000000007, 0.5, 0.25];
  expect(freshSeeds([line], 2, () => draws.shift() ?? 0)).toEqual([500_000_000, 250_000_000]);
});
