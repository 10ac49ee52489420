import { setTimeout as sleep } from 'node:timers/promises';
import type { GoldenFile } from '@fairlead/shared/release/golden';
import { processorTimeMs } from '@fairlead/toolkit/smoke-test/processor-time';
import { runSmokeTests } from '@fairlead/toolkit/smoke-test/run-smoke-tests';
import { folderWith } from '@fairlead/toolkit/smoke-test/testing/folder-with';
import { modelTest, orderFor } from '@fairlead/toolkit/smoke-test/testing/order-for';
import { expect, test } from 'vitest';
import { makePolicy } from '../../scripts/policies/make-policy.ts';
import { childrenOf } from './children.ts';
import * as hostile from './hostile-models.ts';

/** Sends a signal to the process of the model under test once it has used this much processor time, if it lives that long. */
async function signalChild(
  signal: NodeJS.Signals,
  cpuMs: number,
  tested: Promise<unknown>,
): Promise<number | undefined> {
  let hasEnded = false;
  const noteEnd = (): void => void (hasEnded = true);
  tested.then(noteEnd, noteEnd);
  while (!hasEnded) {
    const child = childrenOf(process.pid).find((pid) => (processorTimeMs(pid) ?? 0) >= cpuMs);
    if (child !== undefined) {
      process.kill(child, signal);
      return child;
    }
    await sleep(10);
  }
  return undefined;
}

test('attack 113: a good model that the machine stops for longer than its time limit passes all the same', async () => {
  const { model, goldens } = makePolicy({ seed: 7 });
  const folder = folderWith({ 'm.onnx': model, 'golden.json': goldens });
  const limits = { goldens: 'golden.json', timeoutSec: 8, p95Ms: 200 };
  const tested = runSmokeTests(await orderFor(folder, [modelTest('m.onnx', limits)]));
  const child = await signalChild('SIGSTOP', 30, tested);
  if (child === undefined) throw new Error('the test process ended before it could be stopped');
  await sleep(8500);
  process.kill(child, 'SIGCONT');
  expect(await tested).toMatchObject({ ok: true });
});

test('a model that gets no processor time is not accused: the verdict names the machine and can be repeated', async () => {
  const floats = { type: 'float32' as const, dims: [1, 4], data: [1, 2, 3, 4] };
  const golden: GoldenFile = { cases: [{ case: 'walk', inputs: { x: floats }, outputs: { y: floats } }] };
  const folder = folderWith({ 'm.onnx': hostile.endlessArithmetic(), 'golden.json': golden });
  const tested = runSmokeTests(
    await orderFor(folder, [modelTest('m.onnx', { goldens: 'golden.json', timeoutSec: 4 })]),
  );
  // On a machine that is busy itself it may not come that far, and the verdict is the same.
  await signalChild('SIGSTOP', 2500, tested);
  expect(await tested).toMatchObject({
    ok: false,
    refused: {
      category: 'machine_busy',
      retryable: true,
      detail: expect.stringMatching(/while .*: it got only \d\.\d s of processor time/),
    },
  });
});

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a model within its memory budget is not accused of a %s from outside: another program took the memory, or the agent stops',
  async (signal) => {
    const { model, goldens } = makePolicy({ seed: 7 });
    const folder = folderWith({ 'm.onnx': model, 'golden.json': goldens });
    const tested = runSmokeTests(
      await orderFor(folder, [modelTest('m.onnx', { goldens: 'golden.json', runs: 10_000 })]),
    );
    await signalChild(signal, 200, tested);
    expect(await tested).toMatchObject({ ok: false, refused: { category: 'could_not_run', retryable: true } });
  },
);

test('attack 112: a model whose answer is off by 1000 in a few percent of its runs is found', async () => {
  const floats = (data: number[]) => ({ type: 'float32' as const, dims: [1, 4], data });
  const cases = [1, 5].map((from) => {
    const values = floats([from, 2, -3, 4]);
    return { case: `from ${from}`, inputs: { x: values }, outputs: { y: values } };
  });
  const folder = folderWith({ 'm.onnx': hostile.rarelyWrong(), 'golden.json': { cases } });
  const result = await runSmokeTests(await orderFor(folder, [modelTest('m.onnx', { goldens: 'golden.json' })]));
  expect(result.ok ? 'passed' : result.refused.category).toMatch(/^(not_repeatable|golden_mismatch)$/);
});
