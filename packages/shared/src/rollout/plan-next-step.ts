/**
 * The engine's brain: what happens next to a rollout, or why nothing does. Pure, so that the same function drives and
 * explains, and can't say one thing and do another. It says one thing at a time; the driver applies it by
 * compare-and-swap and asks again, so a server that dies in between goes on with the same question.
 */
import type { Refusal } from '../failure.ts';
import { fromTimestamp, type Instant, SECOND, toTimestamp } from '../time.ts';
import { type FailedGate, type GateVerdict, refusalOfGate } from './gate.ts';
import { hold, holdForUnseen, holdInStage, nameOf } from './hold-reasons.ts';
import { judgePassedStage, judgeStage } from './judge-stage.ts';
import { type ApprovalDecision, planApproval } from './plan-approval.ts';
import type { StageProgress } from './rollout.ts';
import { isStagedEverywhere, maySwitch, type RolloutFacts } from './rollout-facts.ts';
import { limitOf, type Stage } from './rollout-spec.ts';
import { stopReason } from './stop-reason.ts';
import { outcomesOf } from './tally.ts';

export type Decision =
  | ApprovalDecision
  | {
      readonly do:
        | 'start'
        | 'begin-stage'
        | 'time-out'
        | 'mark-silent'
        | 'begin-batch'
        | 'switch-all'
        | 'soak'
        | 'complete';
    }
  | { readonly do: 'rest'; readonly until: Instant }
  /** Give so many robots of the stage their order: they download, stage and test, and wait for the grant. */
  | { readonly do: 'admit'; readonly atMost: number }
  /** Let so many ready robots switch, as far as limits and windows allow. */
  | { readonly do: 'grant'; readonly atMost: number }
  | { readonly do: 'pass-stage'; readonly why: string }
  /** `index`: the stage whose gate failed, where it is not the present one. */
  | { readonly do: 'stop'; readonly stage: 'failed' | 'inconclusive'; readonly why: Refusal; readonly index?: number };

const DEFAULT_TIMEOUT_SEC = 1800;
/**
 * Milliseconds until a robot is passed over. Where the stage names no time, the probation of the release (in seconds)
 * is added: a robot that does what it is asked for must not time out.
 */
export const timeoutOf = ({ timeoutSec }: Stage, probationSec = 0): number =>
  (timeoutSec ?? DEFAULT_TIMEOUT_SEC + probationSec) * SECOND;

export function planNextStep(facts: RolloutFacts): Decision {
  const { rollout, now } = facts;
  const { startAt } = rollout.spec;
  switch (rollout.state) {
    case 'awaiting-approval':
      return planApproval(rollout, now);
    case 'scheduled': {
      const at = startAt === undefined ? now : fromTimestamp(startAt);
      if (now >= at) return { do: 'start' };
      return hold(rollout, 'scheduled', `It starts at ${toTimestamp(at)}`, 'Nothing to do: it starts by itself.', at);
    }
    case 'running':
      return planStage(facts);
    case 'paused':
    case 'halted':
      return { do: 'hold', ...stopReason(facts) };
    case 'denied':
    case 'expired':
    case 'completed':
    case 'ended-without-robots':
    case 'aborted':
    case 'superseded':
      return { ...hold(rollout, rollout.state, `This rollout is ${rollout.state}`, 'Nothing to do.'), ended: true };
  }
}

function planStage(facts: RolloutFacts): Decision {
  const { rollout, overdue } = facts;
  const stage = rollout.spec.stages[rollout.stage];
  const progress = rollout.stages[rollout.stage];
  if (overdue > 0) return { do: 'time-out' };
  const late = planLateFailures(facts);
  if (late) return late;
  if (!stage || !progress) return planEnd(facts);
  if (progress.state === 'pending') return { do: 'begin-stage' };
  const verdict = judgeStage(facts, stage, progress);
  if (verdict.gate === 'failed')
    return { do: 'stop', stage: 'failed', why: refusalOfGate(verdict, nameOf(rollout, stage), rollout.rollout) };
  const grant = planGrant(facts, stage, progress);
  if (grant) return grant;
  if (progress.state === 'running') {
    if (progress.promotedBy !== undefined) return { do: 'pass-stage', why: `promoted by ${progress.promotedBy}` };
    const step = planWork(facts, stage, progress);
    if (step) return step;
    if (verdict.gate === 'waiting') return holdInStage(facts, stage, verdict.says);
    if (verdict.gate === 'inconclusive' && verdict.category !== 'metric_unknown') {
      return {
        do: 'stop',
        stage: 'inconclusive',
        why: refusalOfGate(verdict, nameOf(rollout, stage), rollout.rollout),
      };
    }
    return { do: 'soak' };
  }
  return planSoak(facts, stage, progress, verdict);
}

/** A robot of a stage that has passed failed late. */
function planLateFailures({ rollout, earlier }: RolloutFacts): Decision | undefined {
  for (const [index, tally] of earlier.entries()) {
    const stage = rollout.spec.stages[index];
    const failed = judgePassedStage(rollout, index, tally);
    if (!stage || !failed) continue;
    const why = refusalOfGate(failed, nameOf(rollout, stage, index), rollout.rollout);
    return { do: 'stop', stage: 'failed', why, index };
  }
  return undefined;
}

/** The last stage has passed; robots that a gate did not wait for may still be at work. */
function planEnd(facts: RolloutFacts): Decision {
  const { rollout, behind } = facts;
  const { stages } = rollout.spec;
  const outstanding = behind.open + behind.unplaced;
  if (outstanding === 0) return { do: 'complete' };
  const last = stages.at(-1);
  // Whoever let the last stage pass has not lifted its limit.
  const size = rollout.stages.at(-1)?.size ?? 0;
  const most = last?.maxUnavailable === undefined ? Infinity : limitOf(last.maxUnavailable, size);
  const room = Math.min(behind.ready, most - behind.granted);
  if (room > 0) return { do: 'grant', atMost: room };
  if (behind.unplaced > 0 && facts.stagingRoom > 0) return { do: 'admit', atMost: facts.stagingRoom };
  return hold(
    rollout,
    'stragglers',
    `All stages have passed and ${outstanding} robots are still at work`,
    'Nothing to do.',
  );
}

function planGrant(
  { tally, behind, rollout }: RolloutFacts,
  stage: Stage,
  { size }: StageProgress,
): Decision | undefined {
  const most = stage.maxUnavailable === undefined ? Infinity : limitOf(stage.maxUnavailable, size);
  const room = most - tally.granted - behind.granted;
  return tally.ready + behind.ready > 0 && room > 0 && maySwitch(rollout) ? { do: 'grant', atMost: room } : undefined;
}

/** What the robots of a running stage can be given; undefined where it is up to them. */
function planWork(facts: RolloutFacts, stage: Stage, progress: StageProgress): Decision | undefined {
  const { tally, behind, unplaced, stagingRoom } = facts;
  if (behind.unplaced > 0 && stagingRoom > 0) return { do: 'admit', atMost: stagingRoom };
  if (unplaced === 0) return planTogether(facts);
  const { batch } = stage;
  const room = batch ? Math.min(progress.batchLeft, stagingRoom) : stagingRoom;
  if (room > 0) return { do: 'admit', atMost: room };
  if (!batch || progress.batchLeft > 0 || outcomesOf(tally).open > 0) return undefined;
  return planBatch(facts, progress, (batch.delaySec ?? 0) * SECOND);
}

function planBatch({ tally, now }: RolloutFacts, { restUntil }: StageProgress, delay: number): Decision | undefined {
  const isFirst = Object.values(tally.states).every((count) => count === 0);
  if (isFirst || delay === 0) return { do: 'begin-batch' };
  if (restUntil === undefined) return { do: 'rest', until: now + delay };
  return now >= restUntil ? { do: 'begin-batch' } : undefined;
}

function planTogether(facts: RolloutFacts): Decision | undefined {
  const { rollout, now, tally } = facts;
  if (maySwitch(rollout) || outcomesOf(tally).open === 0 || !isStagedEverywhere(facts)) return undefined;
  const { switchAt } = rollout.spec;
  return switchAt !== undefined && now >= fromTimestamp(switchAt) ? { do: 'switch-all' } : undefined;
}

function planSoak(facts: RolloutFacts, stage: Stage, progress: StageProgress, verdict: GateVerdict): Decision {
  const { rollout, now } = facts;
  // Where earlier stages have all its robots already, there is nobody to watch.
  const soak = progress.size === 0 ? 0 : (stage.soakSec ?? 0) * SECOND;
  const until = (progress.soakingSince ?? now) + soak;
  const isWatched = soak > 0 && progress.promotedBy === undefined;
  if (isWatched && facts.watch && facts.watch.silent > 0) return { do: 'mark-silent' };
  const stopInconclusive = (of: FailedGate): Decision => ({
    do: 'stop',
    stage: 'inconclusive',
    why: refusalOfGate(of, nameOf(rollout, stage), rollout.rollout),
  });
  if (now < until && progress.promotedBy === undefined) {
    // Time proves nothing any more; as long as one robot is observed, it may still fail the stage.
    if (verdict.gate === 'inconclusive' && isUnobserved(facts)) return stopInconclusive(verdict);
    const says = `Stage ${nameOf(rollout, stage)} soaks until ${toTimestamp(until)}`;
    return hold(
      rollout,
      'soaking',
      says,
      `Nothing to do, or do not wait: fairlead rollout promote ${rollout.rollout}`,
      until,
    );
  }
  if (progress.promotedBy !== undefined) return { do: 'pass-stage', why: `promoted by ${progress.promotedBy}` };
  if (isWatched && facts.watch && facts.watch.unseen > 0) return holdForUnseen(rollout, stage, facts.watch, until);
  if (verdict.gate === 'inconclusive') return stopInconclusive(verdict);
  if (stage.gate?.manual) {
    const says = `Stage ${nameOf(rollout, stage)} has passed and waits for a person`;
    return hold(rollout, 'manual_gate', says, `Promote it: fairlead rollout promote ${rollout.rollout}`);
  }
  return { do: 'pass-stage', why: verdict.says };
}

/** Every robot that succeeded in the stage has left it, and none is still at work. */
function isUnobserved({ tally, departed, unplaced }: RolloutFacts): boolean {
  const { succeeded, open } = outcomesOf(tally);
  return departed !== undefined && departed.count > 0 && departed.count >= succeeded && open + unplaced === 0;
}
