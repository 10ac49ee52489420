import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Refusal } from '../failure.ts';
import type { ComponentName, DeploymentId, RobotId, RolloutId, Sha256, Version } from '../ids.ts';
import { explain } from './explain.ts';
import type { ExplainFacts, Order } from './explain-facts.ts';
import { DEPLOYMENT_STATES, LIFECYCLES, PRESENCES, UPDATE_STATES } from './states.ts';

const now = Date.UTC(2026, 10, 21);
const facts = (given: Partial<ExplainFacts> = {}): ExplainFacts => ({
  robot: 'duck-1' as RobotId,
  now,
  lifecycle: 'accepted',
  presence: 'online',
  trustInitialised: true,
  orders: [],
  ...given,
});
const DIGEST = 'a1b2c3d4e5f6'.padEnd(64, '0') as Sha256;
const component = 'duck-policy' as ComponentName;
const runs = (version: string, manifestSha256 = 'f'.repeat(64) as Sha256) => [
  { component, active: { version: version as Version, manifestSha256 } },
];
const order = (state: Order['state'], refusal?: Refusal): Order => ({
  deployment: 'dep_0123456789' as DeploymentId,
  component: 'duck-policy' as ComponentName,
  version: '2.1.0' as Version,
  manifestSha256: DIGEST,
  state,
  ...(refusal && { refusal }),
});
const refusal: Refusal = {
  phase: 'smoke-test',
  element: 'policy.onnx',
  category: 'not_finite',
  detail: 'Output action holds NaN. First at element 3.',
  retryable: false,
  hint: 'Train it again.',
};
const doing = (state: (typeof UPDATE_STATES)[number], more = {}) => ({
  state,
  deployment: order('offered').deployment,
  ...more,
});

describe('explain says', () => {
  test.each([
    ['duck-1 waits to be accepted into the fleet.', facts({ lifecycle: 'pending' })],
    ['duck-1 was refused by an operator and gets nothing.', facts({ lifecycle: 'rejected' })],
    [
      'duck-1 is quarantined and gets no assignments: Output action holds NaN; First at element 3.',
      facts({ quarantined: refusal, presence: 'offline' }),
    ],
    [
      "duck-1 can't be given anything because this control plane has no trusted root yet.",
      facts({ trustInitialised: false }),
    ],
    ['duck-1 has never checked in.', facts({ presence: 'never-seen' })],
    ['duck-1 is offline, last heard 3 hours ago.', facts({ presence: 'offline', lastSeen: now - 3 * 3_600_000 })],
    [
      'duck-1 is late, last heard 100 seconds ago, and has not finished duck-policy@2.1.0.',
      facts({ presence: 'late', lastSeen: now - 100_000, orders: [order('offered')] }),
    ],
    [
      'duck-1 refused duck-policy@2.1.0: Output action holds NaN; First at element 3.',
      facts({ orders: [order('rejected', refusal)] }),
    ],
    ['duck-1 rolled back from duck-policy@2.1.0.', facts({ orders: [order('rolled-back')] })],
    ['duck-1 removed its first release duck-policy@2.1.0.', facts({ orders: [order('rolled-back')], components: [] })],
    [
      'duck-1 did not finish in time with duck-policy@2.1.0.',
      facts({ presence: 'late', lastSeen: now - 100_000, orders: [order('timed-out')] }),
    ],
    [
      'duck-1 reports duck-policy@1.0.0 (ffffffffffff) but its order is duck-policy@2.1.0 (a1b2c3d4e5f6): It was ordered again 3 times in a row.',
      facts({
        orders: [
          { ...order('degraded'), notRepaired: { ...refusal, detail: 'It was ordered again 3 times in a row.' } },
        ],
        components: runs('1.0.0'),
      }),
    ],
    [
      'duck-1 is unwell: Its trust database is damaged.',
      facts({
        orders: [order('pending')],
        activity: doing('idle', { refusal: { ...refusal, detail: 'Its trust database is damaged.' } }),
      }),
    ],
    [
      'duck-1 waits with duck-policy@2.1.0: Outside the update window.',
      facts({
        orders: [order('waiting')],
        activity: doing('waiting', { refusal: { ...refusal, detail: 'Outside the update window.' } }),
      }),
    ],
  ])('what blocks: %s', (sentence, given) => {
    expect(explain(given)).toMatchObject({ sentence, blocked: true, unblock: expect.any(String) });
  });

  test.each([
    [
      'duck-1 downloads duck-policy@2.1.0 (41 %).',
      facts({ orders: [order('downloading')], activity: doing('downloading', { progress: 0.419 }) }),
    ],
    ['duck-1 will be offered duck-policy@2.1.0 at its next check-in.', facts({ orders: [order('pending')] })],
    ['duck-1 was offered duck-policy@2.1.0 and has not begun.', facts({ orders: [order('offered')] })],
    ['duck-1 is up to date with duck-policy@2.1.0.', facts({ orders: [order('succeeded')] })],
    [
      'duck-1 is up to date with duck-policy@2.1.0, though it is late to check in.',
      facts({ orders: [order('skipped')], presence: 'late', lastSeen: now - 100_000 }),
    ],
    ['duck-1 has nothing assigned.', facts()],
    ['duck-1 has nothing assigned and reports duck-policy@1.0.0.', facts({ components: runs('1.0.0') })],
    [
      'duck-1 is up to date with duck-policy@2.1.0.',
      facts({ orders: [order('succeeded')], components: runs('2.1.0', DIGEST) }),
    ],
    [
      'duck-1 reports duck-policy@2.1.0 (ffffffffffff) but its order is duck-policy@2.1.0 (a1b2c3d4e5f6): it is ordered again when it next checks in and is idle.',
      facts({ orders: [order('succeeded')], components: runs('2.1.0') }),
    ],
    [
      'duck-1 reports no release of duck-policy but its order is duck-policy@2.1.0 (a1b2c3d4e5f6): it is ordered again when it next checks in and is idle.',
      facts({ orders: [order('skipped')], components: [] }),
    ],
  ])('that nothing blocks: %s', (sentence, given) => {
    expect(explain(given)).toMatchObject({ sentence, blocked: false });
    expect(explain(given).unblock).toBeUndefined();
  });
});

test('a difference that a person has to end is named before the rollout that the robot waits for', () => {
  const turn = { rollout: 'ro_0123456789' as RolloutId, component, is: 'turn', why: refusal } as const;
  const given = facts({
    orders: [{ ...order('degraded'), notRepaired: refusal }],
    components: runs('1.0.0'),
    rollouts: [turn],
  });
  expect(explain(given).sentence).toContain('duck-1 reports duck-policy@1.0.0');
  expect(explain({ ...given, orders: [order('succeeded')] }).sentence).toContain('waits for its turn');
});

const text = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
const anyRefusal = fc.record({
  phase: fc.constantFrom('decide' as const, 'switch' as const),
  element: text,
  category: fc.constant('x_y'),
  detail: text,
  retryable: fc.boolean(),
  hint: text,
});
const anyFacts: fc.Arbitrary<ExplainFacts> = fc.record(
  {
    robot: fc.constant('duck-1' as RobotId),
    now: fc.constant(now),
    lifecycle: fc.constantFrom(...LIFECYCLES),
    presence: fc.constantFrom(...PRESENCES),
    lastSeen: fc.integer({ min: 0, max: now }),
    quarantined: anyRefusal,
    trustInitialised: fc.boolean(),
    orders: fc.array(
      fc
        .tuple(fc.constantFrom(...DEPLOYMENT_STATES), fc.option(anyRefusal, { nil: undefined }))
        .map((of) => order(...of)),
    ),
    activity: fc.record(
      {
        state: fc.constantFrom(...UPDATE_STATES),
        progress: fc.double({ min: 0, max: 1, noNaN: true }),
        refusal: anyRefusal,
      },
      { requiredKeys: ['state'] },
    ),
  },
  { requiredKeys: ['robot', 'now', 'lifecycle', 'presence', 'trustInitialised', 'orders'] },
);

test('whatever the facts are, explain is exactly one sentence, and blocked means there is a next move', () => {
  fc.assert(
    fc.property(anyFacts, (given) => {
      const said = explain(given);
      expect(said.sentence).toMatch(/^[^\n\r]+[^.]\.$/);
      expect(said.sentence.slice(0, -1)).not.toMatch(/[.!?]\s/);
      expect(said.blocked).toBe(said.unblock !== undefined);
    }),
    { numRuns: 2000 },
  );
});

test('a robot that is not accepted is blocked whatever else is true of it', () => {
  fc.assert(
    fc.property(anyFacts, (given) => {
      if (given.lifecycle !== 'accepted') expect(explain(given).blocked).toBe(true);
    }),
  );
});
