import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelContract } from '@fairlead/shared/release/manifest';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { beforeAll, describe, expect, test } from 'vitest';
import { makePolicy } from '../../../../scripts/policies/make-policy.ts';
import { model, node, value } from '../../../../scripts/policies/onnx-writer.ts';
import { inspectModel } from './inspect-model.ts';
import { makeGoldens } from './make-goldens.ts';
import { runSmokeTests } from './run-smoke-tests.ts';
import { folderWith } from './testing/folder-with.ts';
import { modelTest, orderFor } from './testing/order-for.ts';

const policy = makePolicy({ seed: 7 });
const release = (files: Parameters<typeof folderWith>[0] = {}) =>
  folderWith({ 'policy.onnx': policy.model, 'goldens/walk.json': policy.goldens, ...files });
const withGoldens: Omit<OnnxSmokeTest, 'model'> = { goldens: 'goldens/*.json' };
let contract: ModelContract;
beforeAll(async () => {
  const inspected = await inspectModel({ folder: release(), path: 'policy.onnx' });
  if (inspected.ok) contract = inspected.value;
});
const order = (folder: string, test = withGoldens) =>
  orderFor(folder, [modelTest('policy.onnx', test)], { models: [contract] });
const run = async (folder: string, test = withGoldens) => runSmokeTests(await order(folder, test));
const refusedAs = (category: string) => ({
  ok: false,
  refused: { category, element: 'policy.onnx', retryable: false },
});

describe('a release with a policy', () => {
  test('passes when the policy answers its goldens, and tells what it cost', async () => {
    const result = await run(release());
    expect(result).toMatchObject({ ok: true, value: { models: [{ model: 'policy.onnx', cases: 4 }], commands: [] } });
    const figures = result.ok ? result.value.models[0] : undefined;
    expect(figures?.peakMemoryMb).toBeGreaterThan(30);
    expect(figures?.p95Ms).toBeGreaterThanOrEqual(figures?.p50Ms ?? Number.NaN);
  });
  test('is refused when one weight is NaN', async () => {
    const poisoned = makePolicy({ seed: 7, poison: 'nan' });
    expect(await run(release({ 'policy.onnx': poisoned.model }))).toMatchObject(refusedAs('not_finite'));
  });
  test('is refused when its policy was retrained and its goldens were not', async () => {
    const retrained = makePolicy({ seed: 7, scale: 1.01 });
    expect(await run(release({ 'policy.onnx': retrained.model }))).toMatchObject(refusedAs('golden_mismatch'));
  });
  test('is accepted with the same policy when release.yaml allows the difference', async () => {
    const retrained = makePolicy({ seed: 7, scale: 1.01 });
    const result = await run(release({ 'policy.onnx': retrained.model }), {
      ...withGoldens,
      outputs: { actions: { atol: 0.1 } },
    });
    expect(result).toMatchObject({ ok: true });
  });
  test('is refused when an action leaves the range that release.yaml allows', async () => {
    expect(await run(release(), { ...withGoldens, outputs: { actions: { max: 0.01 } } })).toMatchObject(
      refusedAs('out_of_range'),
    );
  });
  test('is refused without goldens, unless it says so', async () => {
    expect(await run(release(), {})).toMatchObject(refusedAs('golden_missing'));
    expect(await run(release(), { goldens: 'golden/*.json' })).toMatchObject(refusedAs('golden_missing'));
    expect(await run(release(), { requireGoldens: false })).toMatchObject({
      ok: true,
      value: { models: [{ cases: 0 }] },
    });
  });
  test('is refused when its policy is slower than its budget', async () => {
    expect(await run(release(), { ...withGoldens, p95Ms: 0.000001 })).toMatchObject({
      ok: false,
      refused: { category: 'too_slow', element: 'policy.onnx', retryable: true },
    });
  });
  test('is refused when one byte of the policy changed since it was signed', async () => {
    const folder = release();
    const ordered = await order(folder);
    writeFileSync(join(folder, 'policy.onnx'), policy.model.with(-20, policy.model.at(-20)! ^ 1));
    expect(await runSmokeTests(ordered)).toMatchObject(refusedAs('hash'));
  });
  test('tests every model, also one that release.yaml does not mention', async () => {
    const folder = release();
    const ordered = await order(folder);
    const silent = { ...ordered, manifest: { ...ordered.manifest, smokeTests: [] } };
    expect(await runSmokeTests(silent)).toMatchObject(refusedAs('golden_missing'));
  });
  test('is tested through the link that names the active release', async () => {
    const folder = release();
    const ordered = await order(folder);
    const active = join(folderWith({}), 'active');
    symlinkSync(folder, active);
    expect(await runSmokeTests({ ...ordered, folder: active })).toMatchObject({ ok: true });
  });
  test('stops when the robot is told to stop', async () => {
    const ordered = await order(release());
    const result = await runSmokeTests({ ...ordered, signal: AbortSignal.abort() });
    expect(result).toMatchObject({ ok: false, refused: { category: 'cancelled', retryable: true } });
  });
});

describe('goldens', () => {
  test('made from a model are passed by it', async () => {
    const made = await makeGoldens({ folder: release(), path: 'policy.onnx', inputs: policy.inputs });
    expect(made).toMatchObject({ ok: true });
    expect(await run(release({ 'goldens/walk.json': made.ok ? made.value.goldens : {} }))).toMatchObject({ ok: true });
  });
  test('feed inputs of any name, and a model whose output cannot be read is refused', async () => {
    const negation = (input: string, output: string) =>
      model({
        nodes: [node('Neg', [input], [output])],
        inputs: [value(input, [1, 2])],
        outputs: [value(output, [1, 2])],
      });
    const made = (input: string, output: string) => {
      const tensor = { type: 'float32' as const, dims: [1, 2], data: [1, -2] };
      const inputs = { cases: [{ case: 'a', inputs: Object.fromEntries([[input, tensor]]) }] };
      return makeGoldens({ folder: folderWith({ 'm.onnx': negation(input, output) }), path: 'm.onnx', inputs });
    };
    for (const [input, output] of [['__proto__', 'constructor'] as const, ['toString', 'valueOf'] as const]) {
      const goldens = await made(input, output);
      const outputs = goldens.ok ? goldens.value.goldens.cases[0]?.outputs : goldens.refused;
      expect(outputs).toEqual({ [output]: { type: 'float32', dims: [1, 2], data: [-1, 2] } });
    }
    expect(await made('x', '__proto__')).toMatchObject({
      refused: { category: 'model_unloadable', detail: expect.stringContaining('rename the output') },
    });
  });
  test('are not made from a model that answers NaN', async () => {
    const folder = folderWith({ 'policy.onnx': makePolicy({ seed: 7, poison: 'nan' }).model });
    const made = await makeGoldens({ folder, path: 'policy.onnx', inputs: policy.inputs });
    expect(made).toMatchObject({ ok: false, refused: { category: 'not_finite', phase: 'build' } });
  });
});

describe('a command test', () => {
  const command = (run: string[], more: { timeoutSec?: number } = {}) => ({ command: { run, ...more } });
  const go = async (...tests: ReturnType<typeof command>[]) => {
    const ordered = await orderFor(folderWith({ selftest: '#!/bin/sh\npwd; ls\n' }), tests);
    return { folder: ordered.folder, result: await runSmokeTests(ordered) };
  };
  test('runs in the release folder and passes with exit code 0', async () => {
    const { result } = await go(command(['/bin/sh', './selftest']), command(['true']));
    expect(result).toMatchObject({ ok: true, value: { commands: [{ run: '/bin/sh ./selftest' }, { run: 'true' }] } });
  });
  test('that fails is refused with the end of its output', async () => {
    const { folder, result } = await go(command(['/bin/sh', '-c', 'pwd; echo the gyro does not answer; exit 4']));
    const detail = `It ended with 4. ${folder}\nthe gyro does not answer`;
    expect(result).toMatchObject({ ok: false, refused: { category: 'command_failed', detail } });
  });
  test('that never ends is killed at its time-out', async () => {
    const { result } = await go(command(['sleep', '61.7'], { timeoutSec: 1 }));
    expect(result).toMatchObject({
      ok: false,
      refused: { category: 'timed_out', element: 'sleep 61.7', retryable: true },
    });
  });
  test('that is not there is refused', async () => {
    const { result } = await go(command(['./gone']));
    expect(result).toMatchObject({ ok: false, refused: { category: 'command_failed' } });
  });
});
