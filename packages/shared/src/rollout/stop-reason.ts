/**
 * Why a rollout is paused or halted, with the failures of now: robots may have failed since it stopped, recovered, or
 * been ordered again. The reason as it was recorded when the rollout stopped stays in its history.
 */
import type { Refusal } from '../failure.ts';
import { type GateVerdict, refusalOfGate } from './gate.ts';
import { nameOf, stoppedWithoutWord } from './hold-reasons.ts';
import { judgePassedStage, judgeStage } from './judge-stage.ts';
import type { RolloutFacts } from './rollout-facts.ts';
import { NO_TALLY, outcomesOf, type StageTally } from './tally.ts';

export interface StopReason {
  readonly why: Refusal;
  /** Indexes of the stages whose failures the text counts, so that their robots can be named. */
  readonly failuresIn?: readonly number[];
}

export function stopReason(facts: RolloutFacts): StopReason {
  const { rollout } = facts;
  const { stopped, followedBy } = rollout;
  const stage = rollout.stages.findIndex(({ state }) => state === 'failed' || state === 'inconclusive');
  if (!stopped) return { why: stoppedWithoutWord(rollout) };
  if (stopped.by !== 'control-plane' || stage < 0) return withFailures(facts, stopped.why);
  const verdict = judgeAgain(facts, stage);
  const spec = rollout.spec.stages[stage];
  if (!spec || !verdict || !('category' in verdict)) {
    const { succeeded } = outcomesOf(tallyOf(facts, stage));
    const now = `now ${succeeded} of ${describeRobots(rollout.stages[stage]?.size ?? 0)} succeeded`;
    return withFailures(facts, { ...stopped.why, detail: `${withoutPeriod(stopped.why.detail)}; ${now}.` });
  }
  const judged = refusalOfGate(verdict, nameOf(rollout, spec, stage), rollout.rollout);
  // What is being undone can only be ended: the recorded advice is still right.
  const why = followedBy === undefined ? judged : { ...judged, hint: stopped.why.hint };
  return withFailures(facts, why, verdict.category === 'too_many_failures' ? stage : undefined);
}

/** The gate of the stage that stopped the rollout; without new values of a metric it is judged by its robots. */
function judgeAgain(facts: RolloutFacts, index: number): GateVerdict | undefined {
  const { rollout } = facts;
  const stage = rollout.spec.stages[index];
  const progress = rollout.stages[index];
  if (index === rollout.stage && stage && progress) return judgeStage(facts, stage, progress);
  return judgePassedStage(rollout, index, tallyOf(facts, index));
}

/** Adds the failures that nobody has accepted, stage by stage. `counted`: the stage whose failures the text names already. */
function withFailures(facts: RolloutFacts, why: Refusal, counted?: number): StopReason {
  const { rollout } = facts;
  const failuresIn: number[] = [];
  const parts: string[] = [];
  for (const [index, { size }] of rollout.stages.slice(0, rollout.stage + 1).entries()) {
    const tally = tallyOf(facts, index);
    const { accepted = 0 } = tally;
    const { failed } = outcomesOf(tally);
    if (failed <= accepted) continue;
    failuresIn.push(index);
    if (index === counted) continue;
    const name = rollout.spec.stages[index]?.name ?? `${index + 1}`;
    parts.push(`${failed - accepted} of ${describeRobots(size - accepted)} failed in stage ${name}`);
  }
  if (failuresIn.length === 0) return { why };
  return { why: { ...why, detail: `${[withoutPeriod(why.detail), ...parts].join('; ')}.` }, failuresIn };
}

const tallyOf = ({ rollout, tally, earlier }: RolloutFacts, index: number): StageTally =>
  (index === rollout.stage ? tally : earlier[index]) ?? NO_TALLY;
const describeRobots = (count: number): string => (count === 1 ? '1 robot' : `${count} robots`);
const withoutPeriod = (text: string): string => text.replace(/\.$/, '');
