/**
 * May the rollout go on? Three-valued: a gate that can't be judged is neither passed nor failed, it pauses for a
 * person. `waiting` is none of the three: the stage still works.
 */
import type { Refusal } from '../failure.ts';
import type { RolloutId } from '../ids.ts';
import type { Departed } from './departed.ts';
import type { Gate } from './rollout-spec.ts';
import { allowanceOf, requirementOf } from './rollout-spec.ts';
import type { Outcomes } from './tally.ts';

export type GateVerdict =
  | { readonly gate: 'waiting'; readonly says: string }
  | { readonly gate: 'passed'; readonly says: string }
  | { readonly gate: 'failed' | 'inconclusive'; readonly category: string; readonly says: string };

/** A verdict that stops the rollout. */
export type FailedGate = Extract<GateVerdict, { category: string }>;

/** What the metric conditions of a gate say; absent before anybody looked. */
export type ConditionVerdict = { readonly holds: 'yes' } | { readonly holds: 'no' | 'unknown'; readonly says: string };

export interface GateFacts {
  readonly gate: Gate | undefined;
  /** Robots of the cohort. */
  readonly size: number;
  readonly outcomes: Outcomes;
  /** Robots of the cohort that have no deployment yet. */
  readonly unplaced: number;
  /** Failures that a person accepted: they count neither against the gate nor as robots of the cohort. */
  readonly accepted: number;
  /** Robots that succeeded and were not observed to the end of the soak: neither for nor against the release. */
  readonly departed?: Departed;
  readonly conditions?: ConditionVerdict;
}

const DEFAULT_SUCCESSES = '90%';

/** The bad news comes first: a gate fails as soon as no later success can mend it. */
export function judgeGate(given: GateFacts): GateVerdict {
  const facts = withoutDeparted(withoutAccepted(given));
  return (
    judgeFailures(facts) ??
    judgeConditions(facts, 'no') ??
    judgeSuccesses(facts) ??
    judgeConditions(facts, 'unknown') ??
    pass(facts)
  );
}

/**
 * What is still judged of a stage after it has passed: robots that it did not wait for may fail, and robots that
 * succeeded may degrade. Undefined while its failures are within the limit.
 */
export const judgeLateFailures = (given: Omit<GateFacts, 'unplaced' | 'conditions'>): FailedGate | undefined =>
  judgeFailures(withoutAccepted({ ...given, unplaced: 0 }));

function withoutAccepted(given: GateFacts): GateFacts {
  const { outcomes, size, accepted } = given;
  return { ...given, size: size - accepted, outcomes: { ...outcomes, failed: outcomes.failed - accepted } };
}

function withoutDeparted(given: GateFacts): GateFacts {
  const { outcomes, departed } = given;
  const gone = Math.min(departed?.count ?? 0, outcomes.succeeded);
  if (gone === 0) return given;
  return { ...given, outcomes: { ...outcomes, succeeded: outcomes.succeeded - gone } };
}

function judgeFailures({ gate, size, outcomes }: GateFacts): FailedGate | undefined {
  const allowed = gate?.maxFailures ?? 0;
  const { failed, succeeded } = outcomes;
  if (gate?.confidence !== undefined && typeof allowed === 'string') {
    const limit = Number.parseInt(allowed, 10) / 100;
    const { low } = wilson(failed, failed + succeeded, gate.confidence);
    if (low <= limit) return undefined;
    const says = `${failed} of ${failed + succeeded} robots failed: more than ${allowed} even at the lower bound of ${percent(low)}`;
    return { gate: 'failed', category: 'too_many_failures', says };
  }
  const most = allowanceOf(allowed, size);
  if (failed <= most) return undefined;
  const says = `${failed} of ${size === 1 ? '1 robot' : `${size} robots`} failed, and ${most === 0 ? 'none' : most} may`;
  return { gate: 'failed', category: 'too_many_failures', says };
}

function judgeSuccesses(facts: GateFacts): GateVerdict | undefined {
  const { gate, size, outcomes, unplaced } = facts;
  const least = requirementOf(gate?.minSuccesses ?? DEFAULT_SUCCESSES, size);
  const { succeeded, open } = outcomes;
  const outstanding = open + unplaced;
  // A gate that asks for no success is judged when all have ended.
  const early = gate?.minSuccesses !== undefined && least > 0 && succeeded >= least;
  if (outstanding > 0 && !early) return { gate: 'waiting', says: sayProgress(facts, least) };
  if (succeeded < least) {
    const says = `${succeeded} of ${size} robots succeeded and ${least} must${describeNeutral(outcomes)}${describeDeparted(facts)}`;
    return { gate: 'inconclusive', category: 'too_few_successes', says };
  }
  return judgeCertainty(facts);
}

/** A robot that timed out proves nothing about the release, and its order was not withdrawn. */
function describeNeutral({ neutral, silent = 0 }: Outcomes): string {
  const withdrawn = neutral - silent;
  const timedOut = silent > 0 ? [`${silent} timed out before the switch`] : [];
  const taken = withdrawn > 0 ? [`${withdrawn} ${withdrawn === 1 ? 'was' : 'were'} withdrawn`] : [];
  return [...timedOut, ...taken].map((part) => `; ${part}`).join('');
}

function describeDeparted({ departed }: GateFacts): string {
  if (!departed || departed.count === 0) return '';
  const { count, examples } = departed;
  const were = count === 1 ? 'was' : 'were';
  const names = examples.join(', ') + (count > examples.length ? ', …' : '');
  return `; ${count} succeeded and ${were} not observed to the end of the soak (${names})`;
}

/** A few robots without a failure don't prove a small share of failures. */
function judgeCertainty({ gate, outcomes: { failed, succeeded } }: GateFacts): GateVerdict | undefined {
  const allowed = gate?.maxFailures;
  if (gate?.confidence === undefined || typeof allowed !== 'string') return undefined;
  const { high } = wilson(failed, failed + succeeded, gate.confidence);
  if (high <= Number.parseInt(allowed, 10) / 100) return undefined;
  const says = `${failed} of ${failed + succeeded} robots failed, which at this confidence may still mean ${percent(high)}, more than ${allowed}`;
  return { gate: 'inconclusive', category: 'too_few_robots', says };
}

function judgeConditions({ conditions }: GateFacts, holds: 'no' | 'unknown'): GateVerdict | undefined {
  if (conditions?.holds !== holds) return undefined;
  if (holds === 'no') return { gate: 'failed', category: 'metric', says: conditions.says };
  return { gate: 'inconclusive', category: 'metric_unknown', says: conditions.says };
}

const pass = ({ size, outcomes: { succeeded } }: GateFacts): GateVerdict => ({
  gate: 'passed',
  says: `${succeeded} of ${size} robots succeeded`,
});

function sayProgress({ size, outcomes, unplaced }: GateFacts, least: number): string {
  const failed = outcomes.failed > 0 ? `, ${outcomes.failed} failed` : '';
  const later = unplaced > 0 ? `, ${unplaced} not begun` : '';
  const required = least > 0 ? `; ${least} must` : '';
  return `${outcomes.succeeded} of ${size} succeeded${failed}${later}${required}`;
}

/**
 * Wilson score interval of a proportion: E. B. Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 22 (1927). Holds for few robots, where the normal approximation claims certainty.
 */
export function wilson(hits: number, of: number, confidence: number): { readonly low: number; readonly high: number } {
  if (of === 0) return { low: 0, high: 1 };
  const z = quantile((1 + confidence) / 2);
  const share = hits / of;
  const centre = share + z ** 2 / (2 * of);
  const spread = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const scale = 1 + z ** 2 / of;
  return { low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}

/** Standard normal quantile for p in (0.5, 1): Abramowitz and Stegun 26.2.23, absolute error below 4.5e-4. */
function quantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p));
  const above = 2.515517 + 0.802853 * t + 0.010328 * t ** 2;
  const below = 1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3;
  return t - above / below;
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** A gate's verdict in the one shape of every "no". */
export const refusalOfGate = (verdict: FailedGate, stage: string, rollout: RolloutId): Refusal => ({
  phase: 'assign',
  element: stage,
  category: verdict.category,
  detail: `${verdict.says}.`,
  retryable: true,
  hint:
    verdict.gate === 'failed'
      ? `Look at the failed robots (fairlead rollout robots ${rollout}), then resume or abort it; retry helps where the update itself failed.`
      : `Look at its robots (fairlead rollout robots ${rollout}), then promote or abort it; retry helps where robots timed out.`,
});
