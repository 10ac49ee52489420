/** Decisions become writes: one function per decision, each one whole or not at all. */
import { nameOf, reachedNoRobot } from '@fairlead/shared/rollout/hold-reasons';
import type { Decision } from '@fairlead/shared/rollout/plan-next-step';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { limitOf } from '@fairlead/shared/rollout/rollout-spec';
import { outcomesOf } from '@fairlead/shared/rollout/tally';
import type { Instant } from '@fairlead/shared/time';
import { admit } from './admit.ts';
import { beginStage } from './begin-stage.ts';
import { changeRollout, type Happening, withStage } from './change-rollout.ts';
import { describePeople } from './describe-people.ts';
import { grant } from './grant.ts';
import { markSilent } from './mark-silent.ts';
import type { ReadFacts } from './read-facts.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { startRollout } from './start-rollout.ts';
import { stopAtGate } from './stop-at-gate.ts';
import type { Taken } from './taken.ts';
import { timeOut } from './time-out.ts';

type Step<D extends Decision['do']> = (
  deps: RolloutDeps,
  facts: ReadFacts,
  decision: Extract<Decision, { do: D }>,
) => Promise<Taken>;

const steps: { readonly [D in Decision['do']]: Step<D> } = {
  hold: async (_deps, _facts, { why, until }) => ({ why, ...(until !== undefined && { until }) }),
  deny: async (deps, { rollout, now }, { state, why }) => {
    const by = 'control-plane';
    const change = { state, endedAt: now, stopped: { by, at: now, why } } as const;
    await deps.store.transaction(async (slices) => {
      await changeRollout(slices, rollout, change, now, { by, what: state, detail: why.detail });
      // Its author waits for an approval that will not come.
      await deps.audit(slices, {
        by,
        action: `rollout.${state}`,
        element: rollout.rollout,
        detail: `${why.detail} ${describePeople(rollout)}`,
        loud: true,
        at: now,
      });
    });
    return 'progress';
  },
  schedule: (deps, { rollout, now }) => write(deps, rollout, { state: 'scheduled' }, now),
  start: async (deps, { rollout, now }) => {
    await startRollout(deps, rollout, now);
    return 'progress';
  },
  'begin-stage': async (deps, { rollout, tallies, now }) => {
    await beginStage(deps, rollout, tallies, now);
    return 'progress';
  },
  'time-out': async (deps, { rollout, now }) => {
    await timeOut(deps, rollout, now);
    return 'progress';
  },
  'mark-silent': async (deps, { rollout, now }) => {
    await markSilent(deps, rollout, now);
    return 'progress';
  },
  'begin-batch': (deps, { rollout, now }) => {
    const stage = rollout.spec.stages[rollout.stage];
    const size = rollout.stages[rollout.stage]?.size ?? 0;
    const batchLeft = limitOf(stage?.batch?.size ?? Math.max(1, size), size);
    const stages = withStage(rollout, { batchLeft }).map(({ restUntil: _rested, ...progress }) => progress);
    return write(deps, rollout, { stages }, now, {
      by: 'control-plane',
      what: 'batch-begun',
      detail: batchLeft === 1 ? '1 robot' : `${batchLeft} robots`,
    });
  },
  rest: (deps, { rollout, now }, { until }) =>
    write(deps, rollout, { stages: withStage(rollout, { restUntil: until }) }, now),
  'switch-all': (deps, { rollout, now }) =>
    write(deps, rollout, { switchingSince: now }, now, { by: 'control-plane', what: 'switching' }),
  admit: (deps, { rollout, now }, { atMost }) => admit(deps, rollout, atMost, now),
  grant: async (deps, { rollout, now }, { atMost }) => {
    const { robots, refused } = await grant(deps, rollout, atMost, now);
    return robots.length > 0 || !refused ? 'progress' : refused;
  },
  soak: (deps, { rollout, now }) =>
    write(deps, rollout, { stages: withStage(rollout, { state: 'soaking', soakingSince: now }) }, now),
  'pass-stage': (deps, { rollout, now }, { why }) => {
    const stage = rollout.spec.stages[rollout.stage];
    const stages = withStage(rollout, { state: 'passed', endedAt: now });
    const detail = `${stage ? nameOf(rollout, stage) : rollout.stage}: ${why}`;
    return write(deps, rollout, { stages, stage: rollout.stage + 1 }, now, {
      by: 'control-plane',
      what: 'stage-passed',
      detail,
    });
  },
  stop: stopAtGate,
  complete: (deps, { rollout, tallies, now }) => {
    const outcomes = [...tallies.values()].map(outcomesOf);
    const succeeded = outcomes.reduce((sum, each) => sum + each.succeeded, 0);
    const failed = outcomes.reduce((sum, each) => sum + each.failed, 0);
    if (succeeded + failed === 0) return endWithoutRobots(deps, rollout, now);
    const detail = `${succeeded} of ${rollout.members} robots run it`;
    return write(deps, rollout, { state: 'completed', endedAt: now }, now, {
      by: 'control-plane',
      what: 'completed',
      detail,
    });
  },
};

/** Throws Overtaken where the rollout was changed since the facts were read: then nothing was written. */
export const takeStep = (deps: RolloutDeps, facts: ReadFacts, decision: Decision): Promise<Taken> =>
  // The table has paired them; the compiler can't follow a union through an index.
  (steps[decision.do] as Step<Decision['do']>)(deps, facts, decision);

/** All stages have passed and no robot was reached: nothing was rolled out, and that is no success. */
async function endWithoutRobots(deps: RolloutDeps, rollout: Rollout, now: Instant): Promise<Taken> {
  const by = 'control-plane';
  const what = 'ended-without-robots';
  const why = reachedNoRobot(rollout);
  const change = { state: what, endedAt: now, stopped: { by, at: now, why } } as const;
  return write(deps, rollout, change, now, { by, what, detail: why.detail });
}

async function write(
  { store }: RolloutDeps,
  rollout: Rollout,
  change: Partial<Rollout>,
  now: Instant,
  happening?: Happening,
): Promise<Taken> {
  await store.transaction((slices) => changeRollout(slices, rollout, change, now, happening));
  return 'progress';
}
