/** The gates of a rollout, judged with the counts of now: the present stage, and the stages that have passed. */
import { type FailedGate, type GateVerdict, judgeGate, judgeLateFailures } from './gate.ts';
import type { Rollout, StageProgress } from './rollout.ts';
import type { RolloutFacts } from './rollout-facts.ts';
import type { Stage } from './rollout-spec.ts';
import { outcomesOf, type StageTally } from './tally.ts';

export function judgeStage(facts: RolloutFacts, stage: Stage, { size }: StageProgress): GateVerdict {
  const { tally, unplaced, conditions, departed } = facts;
  return (
    judgeNobody(facts, stage, size) ??
    judgeGate({
      gate: stage.gate,
      size,
      accepted: tally.accepted ?? 0,
      unplaced,
      outcomes: outcomesOf(tally),
      ...(departed && { departed }),
      ...(conditions && { conditions }),
    })
  );
}

/** A canary whose selector chose no robot (a slip of the pen, or all of them are gone) has proven nothing. */
function judgeNobody({ rollout }: RolloutFacts, { upTo }: Stage, size: number): GateVerdict | undefined {
  const placed = rollout.stages.reduce((sum, stage) => sum + stage.size, 0);
  if (size > 0 || !('selector' in upTo) || placed >= rollout.members) return undefined;
  const says = `None of the robots that are left is ${upTo.selector}`;
  return { gate: 'inconclusive', category: 'too_few_robots', says };
}

/** A stage that has passed is still judged by its failures for as long as the rollout runs. */
export function judgePassedStage({ spec, stages }: Rollout, index: number, tally: StageTally): FailedGate | undefined {
  const progress = stages[index];
  if (!progress) return undefined;
  const { size } = progress;
  const { accepted = 0 } = tally;
  const gate = spec.stages[index]?.gate;
  const failed = judgeLateFailures({ gate, size, accepted, outcomes: outcomesOf(tally) });
  return failed && { ...failed, says: `${failed.says}; the stage had passed before` };
}
