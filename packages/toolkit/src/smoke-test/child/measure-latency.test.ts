import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { path } from '../testing/order-for.ts';
import { measureLatency, percentile } from './measure-latency.ts';
import { Tensor } from './onnx-runtime.ts';
import type { OpenModel } from './open-model.ts';

test('a percentile is the smallest time that this share of the runs kept to', () => {
  const times = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect([0.5, 0.95, 0.99, 1].map((share) => percentile(times, share))).toEqual([50, 95, 99, 100]);
  expect(percentile([7], 0.95)).toBe(7);
  expect(percentile([], 0.95)).toBe(0);
});

const answer = (value: number) => ({ y: new Tensor('float32', [value, 2], [1, 2]) });
const cases = [{ name: 'golden "walk"', feeds: {}, tensors: answer(1) }];
/** A model whose runs take their time as the test says. */
const modelThat = (run: (turn: number) => Promise<Record<string, Tensor>>): OpenModel => {
  let turn = 0;
  const session = { run: () => run((turn += 1)) } as unknown as OpenModel['session'];
  return {
    session,
    loadMs: 0,
    contract: { path: path('m.onnx'), inputs: [], outputs: [], opsets: {}, externalData: [] },
  };
};
const compute = (ms: number): void => {
  const from = process.cpuUsage();
  for (let used = { user: 0, system: 0 }; used.user + used.system < ms * 1000; ) used = process.cpuUsage(from);
};

describe('latency', () => {
  test('is judged by processor time: runs that only wait for the processor are told, not refused', async () => {
    const waiting = modelThat(async () => {
      await sleep(30);
      return answer(1);
    });
    const measured = await measureLatency(
      waiting,
      { model: path('m.onnx'), runs: 10, p95Ms: 10, timeoutSec: 1 },
      cases,
    );
    expect(measured).toMatchObject({ ok: true, value: { runs: 10, disturbedRuns: 10 } });
  });
  test('beyond its budget in processor time is refused as soon as it is certain, with the number of runs done', async () => {
    const computing = modelThat(async () => {
      compute(12);
      return answer(1);
    });
    const refused = await measureLatency(computing, { model: path('m.onnx'), runs: 40, p95Ms: 10 }, cases);
    expect(refused).toMatchObject({
      ok: false,
      refused: { category: 'too_slow', detail: expect.stringMatching(/^3 of the 3 runs done \(of 40\) took more/) },
    });
  });
});

describe('an answer of a latency run', () => {
  test('that is off by 1000 in one of fifty runs is found', async () => {
    const lying = modelThat(async (turn) => answer(turn === 47 ? 1001 : 1));
    expect(await measureLatency(lying, { model: path('m.onnx') }, cases)).toMatchObject({
      ok: false,
      refused: {
        category: 'not_repeatable',
        detail: expect.stringMatching(/^golden "walk", .*: output "y"\[0\] is 1001 and was 1 before/),
      },
    });
  });
  test('that is wrong after few runs only is found also where the release times few runs', async () => {
    const lying = modelThat(async (turn) => answer(turn === 250 ? 1001 : 1));
    const test = { model: path('m.onnx'), warmup: 0, runs: 3 };
    expect(await measureLatency(lying, test, cases)).toMatchObject({ refused: { category: 'not_repeatable' } });
  });
  test('that has other dimensions, or lacks an output, is found', async () => {
    const shorter = { y: new Tensor('float32', [1], [1, 1]) };
    for (const other of [shorter, {}]) {
      const lying = modelThat(async (turn) => (turn === 20 ? other : answer(1)));
      expect(await measureLatency(lying, { model: path('m.onnx') }, cases)).toMatchObject({
        refused: { category: 'not_repeatable' },
      });
    }
  });
  test('is equal where its texts are equal', async () => {
    const texts = () => ({ y: new Tensor('string', ['stop', 'go'], [2]) });
    const speaking = modelThat(async () => texts());
    const proven = [{ name: 'golden "walk"', feeds: {}, tensors: texts() }];
    expect(await measureLatency(speaking, { model: path('m.onnx') }, proven)).toMatchObject({ ok: true });
  });
});
