/**
 * Times the model on this machine: warm-up, then runs in turn over all inputs. Each answer must be the one that was
 * compared with the golden before: an answer that is wrong in a few runs only is found here.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { type Finding, finding } from '../findings.ts';
import { limitsOf } from '../limits.ts';
import { type Answer, type Feeds, tensorsOnly } from './ask.ts';
import { explainError } from './explain-error.ts';
import type { OpenModel } from './open-model.ts';
import { differenceFrom } from './same-answer.ts';

/** Inputs of the latency runs, with the answer that the model must repeat. */
export interface ProvenCase {
  readonly name: string;
  readonly feeds: Feeds;
  readonly tensors: Answer['tensors'];
}
/** By the clock, in milliseconds. */
export interface Latency {
  readonly firstRunMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly runs: number;
  /** Of these, runs that took longer than the budget by the clock, but not in processor time. */
  readonly disturbedRuns: number;
}
interface RunTime {
  readonly clockMs: number;
  readonly cpuMs: number;
}
/** What 300 runs do not show happens in less than one percent of the runs, with a confidence of 95 %. */
const COMPARED_RUNS = 300;
/** Runs that are only compared, not timed, take at most this share of the time limit. */
const COMPARED_SHARE = 0.05;

export async function measureLatency(
  model: OpenModel,
  test: OnnxSmokeTest,
  cases: readonly ProvenCase[],
  doing: (what: string) => void = () => undefined,
): Promise<Result<Latency, Finding>> {
  const { warmup = 5, runs = 50, p95Ms = Number.POSITIVE_INFINITY } = test;
  const times: RunTime[] = [];
  const isSlow = ({ clockMs, cpuMs }: RunTime): boolean => Math.min(clockMs, cpuMs) > p95Ms;
  try {
    doing('measuring its latency: first run');
    const first = await runOnce(model, cases, 0);
    if (!first.ok) return first;
    for (let turn = 0; turn < warmup; turn += 1) {
      doing(`measuring its latency: ${turn} of ${warmup} runs before timing done`);
      const warm = await runOnce(model, cases, turn);
      if (!warm.ok) return warm;
    }
    let slow = 0;
    for (let turn = 0; turn < runs; turn += 1) {
      doing(`measuring its latency: ${turn} of ${runs} timed runs done`);
      const timed = await runOnce(model, cases, turn);
      if (!timed.ok) return timed;
      times.push(timed.value);
      if (isSlow(timed.value)) slow += 1;
      // Once more than 5 % of all runs were slow, the rest cannot save it: no need to wait for the time-out.
      if (slow > runs - Math.ceil(runs * 0.95)) return refuse(tooSlow(test.model, { slow, runs, p95Ms }, times));
    }
    const unequal = await compareMore(model, test, cases, { from: runs + warmup + 1, doing });
    if (unequal) return refuse(unequal);
    const clock = times.map(({ clockMs }) => clockMs);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(clock, share));
    const disturbedRuns = times.filter((time) => time.clockMs > p95Ms && !isSlow(time)).length;
    return accept({
      firstRunMs: first.value.clockMs,
      p50Ms: p50 ?? 0,
      p95Ms: p95 ?? 0,
      p99Ms: p99 ?? 0,
      runs,
      disturbedRuns,
    });
  } catch (error) {
    return refuse(explainError('model_failed', test.model, error));
  }
}

/** One run on the inputs whose turn it is; only the run itself is timed. Throws ONNX Runtime's errors. */
async function runOnce(
  { session, contract }: OpenModel,
  cases: readonly ProvenCase[],
  turn: number,
): Promise<Result<RunTime, Finding>> {
  const proven = cases[turn % cases.length];
  const cpu = process.cpuUsage();
  const started = performance.now();
  const answer = await session.run(proven?.feeds ?? {});
  const clockMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const difference = proven && differenceFrom(proven.tensors, tensorsOnly(answer));
  if (difference === undefined) return accept({ clockMs, cpuMs: (user + system) / 1000 });
  const detail = `${proven?.name}, run again (run ${turn + 1}): ${difference}, for the same input.`;
  return refuse(finding('not_repeatable', contract.path, detail));
}

/** More runs of a fast model, as far as their share of the time allows: its answers are compared, nothing is timed. */
async function compareMore(
  model: OpenModel,
  test: OnnxSmokeTest,
  cases: readonly ProvenCase[],
  { from, doing }: { readonly from: number; readonly doing: (what: string) => void },
): Promise<Finding | undefined> {
  const until = performance.now() + limitsOf(test).timeoutMs * COMPARED_SHARE;
  for (let turn = from; turn < COMPARED_RUNS && performance.now() < until; turn += 1) {
    doing(`comparing its answers: ${turn} of ${COMPARED_RUNS} runs done`);
    const compared = await runOnce(model, cases, turn);
    if (!compared.ok) return compared.refused;
  }
  return undefined;
}

function tooSlow(
  model: string,
  { slow, runs, p95Ms }: { readonly slow: number; readonly runs: number; readonly p95Ms: number },
  times: readonly RunTime[],
): Finding {
  const typical = (of: keyof RunTime): string =>
    percentile(
      times.map((time) => time[of]),
      0.5,
    ).toFixed(1);
  const detail = `${slow} of the ${times.length} runs done (of ${runs}) took more than ${p95Ms} ms of processor time; typically ${typical('cpuMs')} ms, and ${typical('clockMs')} ms by the clock.`;
  return finding('too_slow', model, detail);
}

/** Nearest rank: the smallest time that at least this share of the runs did not exceed. */
export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
