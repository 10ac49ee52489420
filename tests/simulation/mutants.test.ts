/** The simulation on trial: a world in which one promise is broken on purpose must be noticed. */
import { MINUTE } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { Violation } from './invariants/checks.ts';
import { simulate } from './simulation.ts';
import { operators } from './stories/operators.ts';
import { ROUGH } from './world/faults.ts';
import { onlySwarm } from './world/swarm.ts';

const BUSY = { ...ROUGH, leaseEvery: 20 * MINUTE, leaseFor: 30 * MINUTE };
const SEEDS = [1, 2, 3, 4, 5, 6];
/** Rollouts that are paused and resumed, under limits: what these mutants break. */
const SWARM = onlySwarm([
  'lost-requests',
  'power-cuts',
  'dying-releases',
  'budgets',
  'pause',
  'promote',
  'two-operators',
]);

test.each([
  ['robots that switch although their application is busy', 'blind-to-leases', ['no-switch-under-lease']],
  ['robots that switch whatever the control plane answers', 'deaf-to-holds', ['no-switch-while-stopped', 'budgets']],
  ['a server that acknowledges reports and does not store them', 'swallowed-reports', ['nothing-lost', 'explain-true']],
  ['a server that knows no limits', 'no-limits', ['budgets']],
] as const)('%s are noticed', async (_what, mutant, invariants) => {
  const noticed: string[] = [];
  for (const seed of SEEDS) {
    const { failure } = await simulate({
      seed,
      robots: 30,
      hours: 1,
      story: operators(),
      swarm: SWARM,
      faults: BUSY,
      mutant,
    });
    if (failure?.error instanceof Violation) noticed.push(failure.error.invariant);
    if (noticed.length > 0) break;
  }
  expect(invariants).toContain(noticed[0]);
});
