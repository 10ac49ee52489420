/** Times the model on this machine: warm-up, then runs in turn over all inputs. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { type Finding, finding } from '../findings.ts';
import type { Feeds } from './ask.ts';
import { explainError } from './explain-error.ts';
import type { OpenModel } from './open-model.ts';

export interface Latency {
  readonly firstRunMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export async function measureLatency(
  { session }: OpenModel,
  test: OnnxSmokeTest,
  inputs: readonly Feeds[],
): Promise<Result<Latency, Finding>> {
  const { warmup = 5, runs = 50, p95Ms } = test;
  const once = async (turn: number): Promise<number> => {
    const started = performance.now();
    await session.run(inputs[turn % inputs.length] ?? {});
    return performance.now() - started;
  };
  try {
    const firstRunMs = await once(0);
    for (let turn = 0; turn < warmup; turn += 1) await once(turn);
    const times: number[] = [];
    let slow = 0;
    for (let turn = 0; turn < runs; turn += 1) {
      const ms = await once(turn);
      times.push(ms);
      if (p95Ms !== undefined && ms > p95Ms) slow += 1;
      // Once more than 5 % of all runs were slow, the rest cannot save it: no need to wait for the time-out.
      if (p95Ms !== undefined && slow > runs - Math.ceil(runs * 0.95)) {
        const typical = percentile(times, 0.5).toFixed(1);
        const detail = `${slow} of ${times.length} runs took longer than ${p95Ms} ms (typically ${typical} ms).`;
        return refuse(finding('too_slow', test.model, detail));
      }
    }
    const [p50Ms, p95, p99Ms] = [percentile(times, 0.5), percentile(times, 0.95), percentile(times, 0.99)];
    return accept({ firstRunMs, p50Ms, p95Ms: p95, p99Ms });
  } catch (error) {
    return refuse(explainError('model_failed', test.model, error));
  }
}

/** Nearest rank: the smallest time that at least this share of the runs did not exceed. */
export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
