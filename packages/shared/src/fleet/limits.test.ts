import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RobotId } from '../ids.ts';
import { type Candidate, type FleetLimits, pickWithinLimits, populationOf } from './limits.ts';

const robot = (name: string, labels: Record<string, string> = {}): Candidate => ({ robot: name as RobotId, labels });
const limits = (some: Partial<FleetLimits>): FleetLimits => ({ budgets: [], quarantineAfter: 3, ...some });
const perSite = (maxUnavailable: number | string, value?: string) =>
  limits({ budgets: [{ label: 'site', maxUnavailable, ...(value !== undefined && { value }) }] });

test('a site that is full holds its own robots back and nobody else', () => {
  const munich = { site: 'munich' };
  const { picked, refused } = pickWithinLimits({
    limits: perSite(2),
    candidates: [robot('m2', munich), robot('m3', munich), robot('b1', { site: 'berlin' }), robot('free')],
    unavailable: [{ labels: munich }],
  });
  expect(picked).toEqual(['m2', 'b1', 'free']);
  expect(refused.get('m3' as RobotId)).toMatchObject({
    category: 'budget_full',
    element: 'site=munich',
    detail: 'site=munich has 2 of 2 robots in update.',
  });
});

test('a budget for one value says nothing about the others', () => {
  const candidates = [
    robot('m1', { site: 'munich' }),
    robot('b1', { site: 'berlin' }),
    robot('b2', { site: 'berlin' }),
  ];
  expect(pickWithinLimits({ limits: perSite(0, 'munich'), candidates, unavailable: [] })).toMatchObject({
    picked: ['b1', 'b2'],
    refused: new Map([['m1', expect.objectContaining({ detail: 'site=munich may have no robot in update.' })]]),
  });
});

test('the fleet as a whole has a limit, whatever the sites have left', () => {
  const { picked, refused } = pickWithinLimits({
    limits: limits({ maxConcurrent: 3 }),
    candidates: [robot('a'), robot('b'), robot('c')],
    unavailable: [{ labels: {} }],
  });
  expect(picked).toEqual(['a', 'b']);
  expect(refused.get('c' as RobotId)?.detail).toBe('The fleet has 3 of 3 robots in update.');
});

test.each([
  ['10%', 25, 2],
  ['10%', 3, 1],
  ['0%', 1000, 0],
  ['100%', 7, 7],
])('%s of %i robots is %i at once', (maxUnavailable, count, expected) => {
  const fleet = Array.from({ length: count }, (_, n) => robot(`r${n}`, { site: 'munich' }));
  const rules = perSite(maxUnavailable);
  const population = populationOf(rules.budgets, fleet);
  expect(pickWithinLimits({ limits: rules, candidates: fleet, unavailable: [], population }).picked).toHaveLength(
    expected,
  );
});

const labels = fc.record(
  { site: fc.constantFrom('munich', 'berlin', 'oslo'), customer: fc.constantFrom('acme', 'globex') },
  { requiredKeys: [] },
);
const budget = fc.record(
  {
    label: fc.constantFrom('site', 'customer'),
    value: fc.constantFrom('munich', 'acme'),
    maxUnavailable: fc.oneof(fc.nat({ max: 5 }), fc.constantFrom('0%', '20%', '50%')),
  },
  { requiredKeys: ['label', 'maxUnavailable'] },
);
const rules = fc.record(
  { maxConcurrent: fc.integer({ min: 1, max: 12 }), budgets: fc.array(budget, { maxLength: 4 }) },
  { requiredKeys: ['budgets'] },
);
const crowd = fc.array(labels, { maxLength: 30 });

/** Said once more and otherwise: how many of `away` a budget counts, and how many it allows at the value of one robot. */
function overspent(
  rule: FleetLimits,
  away: readonly Record<string, string>[],
  fleet: readonly Record<string, string>[],
) {
  return rule.budgets.some(({ label, value, maxUnavailable }) =>
    ['munich', 'berlin', 'oslo', 'acme', 'globex'].some((place) => {
      if (value !== undefined && value !== place) return false;
      const all = fleet.filter((each) => each[label] === place).length;
      const share = Number.parseInt(String(maxUnavailable), 10);
      const most =
        typeof maxUnavailable === 'number' ? share : share === 0 ? 0 : Math.max(1, Math.floor((all * share) / 100));
      return away.filter((each) => each[label] === place).length > most;
    }),
  );
}

test('no budget and no limit is ever overspent by who is picked, order is kept, and everybody else is told why', () => {
  fc.assert(
    fc.property(rules, crowd, (some, fleet) => {
      const rule = limits(some as Partial<FleetLimits>);
      const candidates = fleet.map((each, n) => robot(`r${n}`, each as Record<string, string>));
      const population = populationOf(rule.budgets, candidates);
      const { picked, refused } = pickWithinLimits({ limits: rule, candidates, unavailable: [], population });
      const chosen = candidates.filter((each) => picked.includes(each.robot));
      expect(chosen.map((each) => each.robot)).toEqual(picked);
      expect(
        overspent(
          rule,
          chosen.map((each) => each.labels),
          candidates.map((each) => each.labels),
        ),
      ).toBe(false);
      expect(picked.length).toBeLessThanOrEqual(rule.maxConcurrent ?? Number.POSITIVE_INFINITY);
      expect([...picked, ...refused.keys()].sort()).toEqual(candidates.map((each) => each.robot).sort());
    }),
  );
});

test('nobody is refused without need: whoever is refused would overspend a limit that names it', () => {
  fc.assert(
    fc.property(rules, crowd, (some, fleet) => {
      const rule = limits(some as Partial<FleetLimits>);
      const candidates = fleet.map((each, n) => robot(`r${n}`, each as Record<string, string>));
      const all = candidates.map((each) => each.labels);
      const population = populationOf(rule.budgets, candidates);
      const { picked, refused } = pickWithinLimits({ limits: rule, candidates, unavailable: [], population });
      const chosen = candidates.filter((each) => picked.includes(each.robot)).map((each) => each.labels);
      for (const name of refused.keys()) {
        const more = [...chosen, ...candidates.filter((each) => each.robot === name).map((each) => each.labels)];
        const tooMany = more.length > (rule.maxConcurrent ?? Number.POSITIVE_INFINITY);
        expect(tooMany || overspent(rule, more, all)).toBe(true);
      }
    }),
  );
});

test('who is away already counts, whoever sent it: a second round in the same moment gives nobody more', () => {
  fc.assert(
    fc.property(rules, crowd, (some, fleet) => {
      const rule = limits(some as Partial<FleetLimits>);
      const candidates = fleet.map((each, n) => robot(`r${n}`, each as Record<string, string>));
      const population = populationOf(rule.budgets, candidates);
      const first = pickWithinLimits({ limits: rule, candidates, unavailable: [], population });
      const away = candidates.filter((each) => first.picked.includes(each.robot));
      const rest = candidates.filter((each) => !first.picked.includes(each.robot));
      expect(pickWithinLimits({ limits: rule, candidates: rest, unavailable: away, population }).picked).toEqual([]);
    }),
  );
});
