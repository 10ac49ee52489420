/** The simulation on trial: a world in which one promise is broken on purpose must be noticed. */
import { MINUTE } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { Violation } from './invariants/checks.ts';
import { simulate } from './simulation.ts';
import { operators } from './stories/operators.ts';
import { CALM, ROUGH } from './world/faults.ts';
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

/** Of these the run judges one invariant alone: others would notice too, and sooner. */
test.each([
  ['robots that ignore every order', 'ignores-orders', 'never-forgotten', ['deploy']],
  ['robots that only pretend to go back', 'pretends-to-go-back', 'undone-gone', ['abort-revert', 'switch-back']],
  ['robots that hide a degraded release', 'hides-degradation', 'soak-watched', ['degrading-releases']],
  ['robots that claim to run the newest release', 'claims-newest-release', 'skipped-runs-it', ['deploy']],
  ['a server that supersedes every rollout', 'supersedes-everything', 'superseded-covered', ['schedule', 'approvals']],
] as const)('%s are noticed', async (_what, mutant, invariant, features) => {
  let noticed: unknown;
  for (const seed of SEEDS) {
    const { failure } = await simulate({
      seed,
      robots: 12,
      hours: 2,
      story: operators(),
      swarm: onlySwarm(features),
      faults: CALM,
      mutant,
      judges: [invariant],
    });
    noticed = failure?.error;
    if (noticed !== undefined) break;
  }
  expect(noticed).toMatchObject({ name: 'Violation', invariant });
});
