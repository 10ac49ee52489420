import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesSince, failuresOf, formatRevision } from './revision.ts';
import type { Rollout } from './rollout.ts';

const at = (more: object): Rollout =>
  ({
    generation: 7,
    state: 'running',
    stage: 0,
    stages: [{ state: 'running' }, { state: 'pending' }],
    spec: { stages: [{ name: 'canary' }, { name: 'all' }] },
    ...more,
  }) as unknown as Rollout;

test('a command is current after any number of orders and grants of the engine', () => {
  const seen = formatRevision(at({}), 0);
  expect(changesSince(seen, at({ generation: 400, stages: [{ state: 'running', batchLeft: 3 }, {}] }), 0)).toEqual([]);
});

test.each([
  [{ state: 'paused', stopped: { at: 5 } }, 0, 'its state was running and is paused'],
  [{ stage: 1 }, 0, 'its stage was canary and is all'],
  [{ stage: 2 }, 0, 'its stage was canary and is none'],
  [{ stages: [{ state: 'soaking' }] }, 0, 'its stage was running and is soaking'],
  [{}, 3, '0 robots had failed and 3 have failed now'],
  [{ switchingSince: 9 }, 0, 'its robots were allowed to switch together'],
])('a command is stale after %j with %i failures', (more, failures, says) => {
  expect(changesSince(formatRevision(at({}), 0), at(more), failures)).toContain(says);
});

test('a second stop for another reason makes a command stale', () => {
  const stopped = (ms: number) => at({ state: 'paused', stopped: { at: ms } });
  expect(changesSince(formatRevision(stopped(5), 1), stopped(6), 1)).toEqual([
    'it was stopped again, for another reason',
  ]);
});

test('no text is taken for the present revision unless it is that', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(text !== formatRevision(at({}), 0));
      expect(changesSince(text, at({}), 0)).not.toEqual([]);
    }),
  );
});

test('failures of all stages count', () => {
  const tally = (failed: number) => ({ states: { failed, succeeded: 9 }, ready: 0, granted: 0, silent: 0 });
  expect(
    failuresOf(
      new Map([
        [0, tally(1)],
        [1, tally(2)],
      ]),
    ),
  ).toBe(3);
});
