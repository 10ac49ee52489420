import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GoldenFile } from '@fairlead/shared/release/golden';
import { inspectModel } from '@fairlead/toolkit/smoke-test/inspect-model';
import { CLOCK_FACTOR } from '@fairlead/toolkit/smoke-test/limits';
import { runSmokeTests } from '@fairlead/toolkit/smoke-test/run-smoke-tests';
import { folderWith } from '@fairlead/toolkit/smoke-test/testing/folder-with';
import { modelTest, orderFor } from '@fairlead/toolkit/smoke-test/testing/order-for';
import { describe, expect, test } from 'vitest';
import { externalTensor } from '../../scripts/policies/onnx-writer.ts';
import { childrenOf } from './children.ts';
import * as hostile from './hostile-models.ts';

const floats = (data: number[]) => ({ type: 'float32' as const, dims: [1, data.length], data });
const goldens = (...answers: number[][]): GoldenFile => ({
  cases: answers.map((data, at) => ({
    case: `case ${at}`,
    inputs: { x: floats([1 + at, 2, -3, 4]) },
    outputs: { y: floats(data) },
  })),
});

/** What the whole way says: inspected as at build, then tested against what inspection found. */
async function verdict(
  files: Parameters<typeof folderWith>[0],
  change: (folder: string) => void = () => undefined,
  timeoutSec = 20,
) {
  const folder = folderWith({ 'golden.json': goldens([1, 2, -3, 4]), ...files });
  change(folder);
  return judge(folder, timeoutSec);
}
async function judge(folder: string, timeoutSec: number) {
  const limits = { timeoutSec };
  const inspected = await inspectModel({ folder, path: 'm.onnx', limits });
  if (!inspected.ok) return inspected.refused;
  const order = await orderFor(folder, [modelTest('m.onnx', { goldens: 'golden.json', ...limits })], {
    models: [inspected.value],
  });
  const started = performance.now();
  const result = await runSmokeTests(order);
  expect(performance.now() - started).toBeLessThan((CLOCK_FACTOR * timeoutSec + 2) * 1000);
  expect(childrenOf(process.pid)).toEqual([]);
  return result.ok ? { category: 'passed' } : result.refused;
}

describe('models that would take their tester down', () => {
  test('an int4 output, which aborts the process that reads it, is never run', async () => {
    expect(await verdict({ 'm.onnx': hostile.int4Output() })).toMatchObject({ category: 'unsupported_type' });
  });
  test('a kernel that aborts is a crash of the child and of nothing else', async () => {
    const input = { type: 'int32', dims: [12], data: [1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8] };
    const golden = {
      cases: [
        { case: 'reference', inputs: { x: input }, outputs: { y: { ...floats([0, 0, 0, 0, 0, 0, 0]), dims: [7] } } },
      ],
    };
    const refused = await verdict({ 'm.onnx': hostile.abortingKernel(), 'golden.json': golden });
    expect(refused).toMatchObject({ category: 'crashed', detail: expect.stringContaining('SIGABRT') });
  });
  test('16 GiB asked for at run time are refused by the kernel, not by the robot running out', async () => {
    const refused = await verdict({ 'm.onnx': hostile.hugeConstant() });
    // "Killed at …" would be the 10 ms watch: too late for a robot with 8 GiB.
    expect(refused).toMatchObject({ category: 'too_much_memory', detail: expect.not.stringContaining('Killed') });
  });
  test('34 doublings of a kilobyte are stopped', async () => {
    expect(await verdict({ 'm.onnx': hostile.doublings() })).toMatchObject({ category: 'too_much_memory' });
  });
  test('endless arithmetic without any loop is killed at its time-out', async () => {
    expect(await verdict({ 'm.onnx': hostile.endlessArithmetic() }, undefined, 5)).toMatchObject({
      // On a busy machine it may not get that much processor time; neither verdict lets it pass.
      category: expect.stringMatching(/^(timed_out|machine_busy)$/),
      retryable: true,
    });
  });
});

describe('models that lie', () => {
  test('NaN in half precision is found in the bits', async () => {
    const half = {
      cases: goldens([1, 1, 1, 1]).cases.map((one) => ({
        ...one,
        outputs: { y: { ...floats([1, 1, 1, 1]), type: 'float16' } },
      })),
    };
    expect(await verdict({ 'm.onnx': hostile.halfRootOfNegative(), 'golden.json': half })).toMatchObject({
      category: 'not_finite',
    });
  });
  test('the root of a negative number is not finite', async () => {
    expect(await verdict({ 'm.onnx': hostile.rootOfNegative() })).toMatchObject({ category: 'not_finite' });
  });
  test('noise far inside the tolerance is still noise', async () => {
    expect(await verdict({ 'm.onnx': hostile.whispering() })).toMatchObject({ category: 'not_repeatable' });
  });
  test('a model that ignores its inputs is not saved by goldens that were made from it', async () => {
    const refused = await verdict({ 'm.onnx': hostile.blind(), 'golden.json': goldens([3, 3, 3, 3], [3, 3, 3, 3]) });
    expect(refused).toMatchObject({ category: 'golden_invalid' });
  });
  test.each([
    ['bfloat16Output', hostile.bfloat16Output(), 'unsupported_type'],
    ['opset27', hostile.opset27(), 'unsupported_opset'],
  ])('%s cannot be fed and read here', async (_, bytes, category) => {
    expect(await verdict({ 'm.onnx': bytes })).toMatchObject({ category });
  });
});

describe('weights outside the model file', () => {
  const at = (location: string, offset = 0) => externalTensor('w', [4], { location, offset, length: 16 });
  const weights = new Uint8Array(Float32Array.from([1, 1, 1, 1]).buffer);
  const fit = goldens([2, 3, -2, 5]);

  test('a regular file of the release is accepted', async () => {
    expect(
      await verdict({ 'm.onnx': hostile.weightsBeside(at('w.bin')), 'w.bin': weights, 'golden.json': fit }),
    ).toMatchObject({ category: 'passed' });
  });
  test.each([
    ['outside', '../w.bin'],
    ['absolute', '/etc/hostname'],
    ['a device', '/dev/zero'],
    ['nothing', ''],
    ['the model itself', 'm.onnx'],
    ['an address in memory', '*/_ORT_MEM_ADDR_/*'],
    ['missing', 'gone.bin'],
  ])('a location that is %s is refused before ONNX Runtime sees the file', async (_, location) => {
    const refused = await verdict({ 'm.onnx': hostile.weightsBeside(at(location)), 'golden.json': fit });
    expect(refused).toMatchObject({ category: 'external_data' });
  });
  test('a location inside a branch of an If is found too', async () => {
    expect(await verdict({ 'm.onnx': hostile.weightsInBranch(at('../w.bin')) })).toMatchObject({
      category: 'external_data',
    });
  });
  test('bytes beyond the end of the file are refused', async () => {
    const refused = await verdict({ 'm.onnx': hostile.weightsBeside(at('w.bin', 4)), 'w.bin': weights });
    expect(refused).toMatchObject({ category: 'external_data', detail: expect.stringContaining('up to byte 20') });
  });
  test('a FIFO that nobody writes to does not hold the tester up', async () => {
    const refused = await verdict({ 'm.onnx': hostile.weightsBeside(at('w.bin')) }, (folder) => {
      expect(spawnSync('mkfifo', [join(folder, 'w.bin')]).status).toBe(0);
    });
    expect(refused).toMatchObject({ category: 'external_data', detail: expect.stringContaining('regular file') });
  });
  test('a symbolic link to the right bytes is refused: it can point elsewhere tomorrow', async () => {
    const refused = await verdict({ 'm.onnx': hostile.weightsBeside(at('w.bin')), 'real.bin': weights }, (folder) =>
      symlinkSync('real.bin', join(folder, 'w.bin')),
    );
    expect(refused).toMatchObject({ category: 'external_data', detail: expect.stringContaining('symbolic link') });
  });
  test('a folder that is a symbolic link is refused', async () => {
    const refused = await verdict(
      { 'm.onnx': hostile.weightsBeside(at('data/w.bin')), 'real/w.bin': weights },
      (folder) => symlinkSync('real', join(folder, 'data')),
    );
    expect(refused).toMatchObject({ category: 'external_data', detail: expect.stringContaining('symbolic link') });
  });
  test('a model that is itself a symbolic link is refused', async () => {
    const refused = await verdict({ 'real.onnx': hostile.honest() }, (folder) =>
      symlinkSync('real.onnx', join(folder, 'm.onnx')),
    );
    expect(refused).toMatchObject({ category: 'type' });
  });
  test('weights swapped after the manifest was signed are refused by their digest', async () => {
    const folder = folderWith({ 'm.onnx': hostile.weightsBeside(at('w.bin')), 'w.bin': weights, 'golden.json': fit });
    const order = await orderFor(folder, [modelTest('m.onnx', { goldens: 'golden.json' })]);
    writeFileSync(join(folder, 'w.bin'), new Uint8Array(16));
    expect(await runSmokeTests(order)).toMatchObject({
      ok: false,
      refused: { category: 'external_data', detail: expect.stringContaining('SHA-256') },
    });
  });
  test('weights swapped before the manifest was made are refused by the goldens', async () => {
    const other = new Uint8Array(Float32Array.from([9, 9, 9, 9]).buffer);
    expect(
      await verdict({ 'm.onnx': hostile.weightsBeside(at('w.bin')), 'w.bin': other, 'golden.json': fit }),
    ).toMatchObject({ category: 'golden_mismatch' });
  });
  test('weights that lie in the folder but not in the manifest are refused', async () => {
    const folder = folderWith({ 'm.onnx': hostile.weightsBeside(at('w.bin')), 'w.bin': weights, 'golden.json': fit });
    const order = await orderFor(folder, [modelTest('m.onnx', { goldens: 'golden.json' })]);
    const files = order.manifest.files.filter(({ path }) => path !== 'w.bin');
    expect(await runSmokeTests({ ...order, manifest: { ...order.manifest, files } })).toMatchObject({
      ok: false,
      refused: { category: 'external_data' },
    });
  });
});
