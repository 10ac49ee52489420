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

/** The process of the model under test, once it has used this much processor time. */
async function childWith(cpuMs: number): Promise<number> {
  for (;;) {
    const child = childrenOf(process.pid).find((pid) => (processorTimeMs(pid) ?? 0) >= cpuMs);
    if (child !== undefined) return child;
    await sleep(10);
  }
}

test('attack 113: a good model that the machine stops for longer than its time limit passes all the same', async () => {
  const { model, goldens } = makePolicy({ seed: 7 });
  const folder = folderWith({ 'm.onnx': model, 'golden.json': goldens });
  const limits = { goldens: 'golden.json', timeoutSec: 5, p95Ms: 200 };
  const tested = runSmokeTests(await orderFor(folder, [modelTest('m.onnx', limits)]));
  const child = await childWith(30);
  process.kill(child, 'SIGSTOP');
  await sleep(5500);
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
  process.kill(await childWith(2500), 'SIGSTOP');
  expect(await tested).toMatchObject({
    ok: false,
    refused: {
      category: 'machine_busy',
      retryable: true,
      detail: expect.stringMatching(
        /running golden .*walk.* \(0 of 1 cases done\): it got only 2\.\d s of processor time/,
      ),
    },
  });
});

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
