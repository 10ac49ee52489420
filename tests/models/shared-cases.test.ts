import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { makeGoldens } from '@fairlead/toolkit/smoke-test/make-goldens';
import { runSmokeTests } from '@fairlead/toolkit/smoke-test/run-smoke-tests';
import { folderWith } from '@fairlead/toolkit/smoke-test/testing/folder-with';
import { modelTest, orderFor } from '@fairlead/toolkit/smoke-test/testing/order-for';
import { describe, expect, test } from 'vitest';

/** Models that people reported as wrongly rejected. They are not part of the project. */
const CASES = fileURLToPath(new URL('../../../shared/data/cases/', import.meta.url));
const isPresent = existsSync(`${CASES}23-float16-input/policy.onnx`);
const reported = (name: string) => ({
  model: readFileSync(`${CASES}${name}/policy.onnx`),
  inputs: JSON.parse(readFileSync(`${CASES}${name}/inputs.json`, 'utf8')),
});

describe.skipIf(!isPresent)(`reported models${isPresent ? '' : ' (skipped: ../shared/data/cases is absent)'}`, () => {
  test('a policy with a float16 input is tested with goldens and without', async () => {
    const { model, inputs } = reported('23-float16-input');
    const made = await makeGoldens({ folder: folderWith({ 'policy.onnx': model }), path: 'policy.onnx', inputs });
    expect(made).toMatchObject({
      ok: true,
      value: {
        goldens: { cases: [{ outputs: { y: { data: [0.5, 0, 1, 2] } } }, { outputs: { y: { data: [1, 2, 0, 4] } } }] },
      },
    });
    const folder = folderWith({ 'policy.onnx': model, 'golden.json': made.ok ? made.value.goldens : {} });
    for (const how of [{ goldens: 'golden.json' }, { requireGoldens: false }]) {
      expect(await runSmokeTests(await orderFor(folder, [modelTest('policy.onnx', how)]))).toMatchObject({ ok: true });
    }
  });

  test('a policy that masks logits with -Infinity ships where its author says so, and only there', async () => {
    const { model, inputs } = reported('20-infinite-outputs-on-purpose');
    const folder = folderWith({ 'policy.onnx': model });
    expect(await makeGoldens({ folder, path: 'policy.onnx', inputs })).toMatchObject({
      refused: { category: 'not_finite' },
    });
    const made = await makeGoldens({ folder, path: 'policy.onnx', inputs, nonFinite: ['y'] });
    const built = folderWith({ 'policy.onnx': model, 'golden.json': made.ok ? made.value.goldens : {} });
    const verdict = async (outputs: OnnxSmokeTest['outputs']) =>
      runSmokeTests(
        await orderFor(built, [modelTest('policy.onnx', { goldens: 'golden.json', ...(outputs && { outputs }) })]),
      );
    expect(await verdict({ y: { nonFinite: 'allow' } })).toMatchObject({ ok: true });
    expect(await verdict(undefined)).toMatchObject({ refused: { category: 'golden_invalid' } });
  });
});
