/** Why nothing happens to a rollout, in words: what waits, for what, until when, and what a person can do. */
import type { Refusal } from '../failure.ts';
import { fromTimestamp, type Instant, toTimestamp } from '../time.ts';
import type { Rollout } from './rollout.ts';
import { isStagedEverywhere, maySwitch, type RolloutFacts, type SoakWatch } from './rollout-facts.ts';
import type { Stage } from './rollout-spec.ts';
import { outcomesOf } from './tally.ts';

/** Why nothing happens, and when that changes by itself. */
export interface Hold {
  readonly do: 'hold';
  readonly why: Refusal;
  readonly until?: Instant;
  /** Indexes of the stages whose failures `why` counts, so that their robots can be named. */
  readonly failuresIn?: readonly number[];
  /** Nothing will happen any more. */
  readonly ended?: true;
}

export const nameOf = (rollout: Rollout, stage: Stage, index = rollout.stage): string => stage.name ?? `${index + 1}`;

/** The stage waits for its robots: say for which of the reasons. */
export function holdInStage(facts: RolloutFacts, stage: Stage, says: string): Hold {
  const { rollout, tally, now } = facts;
  const progress = rollout.stages[rollout.stage];
  const name = nameOf(rollout, stage);
  const endsAt = facts.nextDeadline;
  if (!maySwitch(rollout) && outcomesOf(tally).open > 0) {
    const { switchAt } = rollout.spec;
    if (!isStagedEverywhere(facts)) {
      const staged = `${tally.ready} robots have staged and tested it, ${outcomesOf(tally).open - tally.ready + facts.unplaced} have not`;
      return hold(rollout, 'staging', staged, 'Nothing to do: they switch together, when all are ready.', endsAt);
    }
    if (switchAt === undefined) {
      const ready = `All ${tally.ready} robots are ready to switch together`;
      return hold(rollout, 'awaits_switch', ready, `Switch them: fairlead rollout switch ${rollout.rollout}`, endsAt);
    }
    return hold(
      rollout,
      'awaits_switch',
      `All switch together at ${switchAt}`,
      'Nothing to do.',
      fromTimestamp(switchAt),
    );
  }
  const rest = progress?.restUntil;
  if (rest !== undefined && rest > now && facts.unplaced > 0 && outcomesOf(tally).open === 0) {
    return hold(rollout, 'resting', `The next batch begins at ${toTimestamp(rest)}`, 'Nothing to do.', rest);
  }
  return hold(
    rollout,
    'stage_running',
    `Stage ${name} waits for its robots: ${says}`,
    `Ask one of them (fairlead rollout robots ${rollout.rollout}): fairlead explain ROBOT.`,
    endsAt,
  );
}

/** The soak is over, but its robots must still be there: one that went offline in the soak has not checked in since. */
export function holdForUnseen(rollout: Rollout, stage: Stage, watch: SoakWatch, soakedUntil: Instant): Hold {
  const { unseen, examples, unseenUntil } = watch;
  const robots = unseen === 1 ? '1 robot has' : `${unseen} robots have`;
  const names = examples.join(', ') + (unseen > examples.length ? ', …' : '');
  return hold(
    rollout,
    'soak_unseen',
    `Stage ${nameOf(rollout, stage)} soaked until ${toTimestamp(soakedUntil)}, and ${robots} not checked in since (${names}); without a check-in they count as failed by ${toTimestamp(unseenUntil)}`,
    `Check the power and the network of these robots, or do not wait: fairlead rollout promote ${rollout.rollout}`,
    unseenUntil,
  );
}

export function hold(
  { rollout, spec }: Rollout,
  category: string,
  detail: string,
  hint: string,
  until?: Instant,
): Hold {
  const why: Refusal = {
    phase: 'assign',
    component: spec.component,
    element: rollout,
    category,
    detail: `${detail}.`,
    retryable: true,
    hint,
  };
  return { do: 'hold', why, ...(until !== undefined && { until }) };
}

export const stoppedWithoutWord = (rollout: Rollout): Refusal =>
  hold(rollout, rollout.state, `This rollout is ${rollout.state}`, `fairlead rollout resume ${rollout.rollout}`).why;

/** Why a rollout that has passed all its stages has not completed: robots were left out, withdrawn, or never there. */
export function reachedNoRobot({ rollout, spec, members, excluded }: Rollout): Refusal {
  const counts = [
    ...(members > 0 ? [`${members} took part and none of them ended with it`] : []),
    ...(excluded > 0 ? [`${excluded} of its target ${excluded === 1 ? 'was' : 'were'} left out`] : []),
  ];
  // The robots had gone back by themselves, or were never let switch: nothing is wrong with the target.
  const isIdleUndoing = 'updatedBy' in spec.target && members === 0 && excluded === 0;
  const [detail, hint] = isIdleUndoing
    ? ['It reached no robot: none had the release that is undone', 'Nothing to do.']
    : [
        `It reached no robot: ${counts.join(', ') || 'its target has none'}`,
        excluded > 0
          ? `See who was left out, and why: fairlead rollout robots ${rollout} --excluded`
          : `Check its target: fairlead rollout show ${rollout}`,
      ];
  return {
    phase: 'assign',
    component: spec.component,
    element: rollout,
    category: 'no_robots',
    detail: `${detail}.`,
    retryable: true,
    hint,
  };
}
