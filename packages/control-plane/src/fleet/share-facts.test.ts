import type { ComponentName } from '@fairlead/shared/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RobotFacts } from '../store/presence.ts';
import { INVENTORY } from '../testing/test-robot.ts';
import { shareFacts } from './share-facts.ts';

/** As each check-in brings it: parsed anew. */
const said = (more: RobotFacts = {}): RobotFacts =>
  structuredClone({
    agentVersion: '0.1.0',
    components: [{ component: 'walking' as ComponentName }],
    activity: { state: 'idle' as const },
    trust: { root: 1, timestamp: 2, snapshot: 2, role: 1 },
    inventory: INVENTORY,
    ...more,
  });

test('two robots that say the same hold the same parts', () => {
  const share = shareFacts();
  const [one, other] = [share(said()), share(said({ bootId: 'another' }))];
  expect(other.components).toBe(one.components);
  expect(other.activity).toBe(one.activity);
  expect(other.trust).toBe(one.trust);
});

test('what is shared is what was said, however much is said', () => {
  const facts = fc.record({
    agentVersion: fc.constantFrom('1', '2', '3'),
    bootId: fc.string(),
    components: fc.array(fc.record({ component: fc.constantFrom('a', 'b') as fc.Arbitrary<ComponentName> })),
    activity: fc.oneof(
      fc.constant({ state: 'idle' as const }),
      fc.record({ state: fc.constant('downloading' as const), progress: fc.double({ min: 0, max: 1, noNaN: true }) }),
    ),
    inventory: fc.constantFrom(INVENTORY, { ...INVENTORY, hostname: 'goose', board: 'b' }),
  });
  fc.assert(
    fc.property(fc.array(facts), (all) => {
      const share = shareFacts(5);
      expect(all.map(share)).toEqual(all);
    }),
  );
});
