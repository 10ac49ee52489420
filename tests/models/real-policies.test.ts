import { readFileSync } from 'node:fs';
import { parse } from '@fairlead/shared/parse';
import { GoldenFile } from '@fairlead/shared/release/golden';
import { makeGoldens } from '@fairlead/toolkit/smoke-test/make-goldens';
import { runSmokeTests } from '@fairlead/toolkit/smoke-test/run-smoke-tests';
import { folderWith } from '@fairlead/toolkit/smoke-test/testing/folder-with';
import { filesOf, modelTest, orderFor, path } from '@fairlead/toolkit/smoke-test/testing/order-for';
import { describe, expect, test } from 'vitest';
import { hasSharedData, MODELS, whySkipped } from './shared-data.ts';

const bytes = (name: string) => readFileSync(`${MODELS}${name}`);
const WITH_GOLDENS = [
  'mjp_g1_policy',
  'mjp_go1_policy',
  'rlsar_g1_dance102',
  'rlsar_g1_gangnam',
  'lite3_ppo_v3',
  'lite3_ppo_v4',
  'lite3_ppo_v5',
  'lite3_ppo_v6',
  'limx_hu_mimic_lin_encoder',
  'limx_hu_mimic_priv_encoder',
  'limx_hu_mimic_policy',
  'microban_walk',
];

describe.skipIf(!hasSharedData)(`policies of real robots${whySkipped}`, () => {
  test.each(WITH_GOLDENS)('%s answers as its authors computed in float64', async (name) => {
    const folder = folderWith({ 'policy.onnx': bytes(`${name}.onnx`), 'golden.json': bytes(`${name}.golden.json`) });
    const result = await runSmokeTests(await orderFor(folder, [modelTest('policy.onnx', { goldens: 'golden.json' })]));
    expect(result).toMatchObject({ ok: true, value: { models: [{ model: 'policy.onnx', cases: 5 }] } });
  });

  test('three models that must switch together are tested in one release', async () => {
    const parts = ['lin_encoder', 'priv_encoder', 'policy'];
    const files = parts.flatMap((part) => [
      [`models/${part}.onnx`, bytes(`limx_hu_mimic_${part}.onnx`)] as const,
      [`goldens/${part}.json`, bytes(`limx_hu_mimic_${part}.golden.json`)] as const,
    ]);
    const tests = parts.map((part) => modelTest(`models/${part}.onnx`, { goldens: `goldens/${part}.json` }));
    const result = await runSmokeTests(await orderFor(folderWith(Object.fromEntries(files)), tests));
    expect(result.ok && result.value.models.map(({ model }) => model)).toEqual(
      parts.map((part) => `models/${part}.onnx`),
    );
  });

  test.each(['silero_vad', 'silero_vad_op18_ifless'])(
    '%s, with state, branches and an int64 scalar, passes goldens made from its own inputs',
    async (name) => {
      const sound = Array.from({ length: 512 }, (_, at) => Math.fround(Math.sin(at / 7) / 2));
      const state = Array.from({ length: 256 }, (_, at) => Math.fround(Math.cos(at) / 4));
      const hear = (label: string, loudness: number) => ({
        case: label,
        inputs: {
          input: {
            type: 'float32' as const,
            dims: [1, 512],
            data: sound.map((value) => Math.fround(value * loudness)),
          },
          state: { type: 'float32' as const, dims: [2, 1, 128], data: state },
          sr: { type: 'int64' as const, dims: [], data: [16000] },
        },
      });
      const folder = folderWith({ 'vad.onnx': bytes(`${name}.onnx`) });
      const made = await makeGoldens({
        folder,
        path: 'vad.onnx',
        inputs: { cases: [hear('quiet', 0.1), hear('loud', 1)] },
      });
      expect(made).toMatchObject({ ok: true });
      const tested = folderWith({
        'vad.onnx': bytes(`${name}.onnx`),
        'golden.json': made.ok ? made.value.goldens : {},
      });
      const result = await runSmokeTests(await orderFor(tested, [modelTest('vad.onnx', { goldens: 'golden.json' })]));
      expect(result).toMatchObject({ ok: true });
    },
  );

  test('made-up inputs cannot stand in for real ones: Silero refuses them and needs goldens', async () => {
    const folder = folderWith({ 'vad.onnx': bytes('silero_vad.onnx') });
    const result = await runSmokeTests(await orderFor(folder, [modelTest('vad.onnx', { requireGoldens: false })]));
    expect(result).toMatchObject({ ok: false, refused: { category: 'model_failed' } });
  });

  test('a file of 4 KB that takes 460 MB to run is refused on a budget of 256', async () => {
    const folder = folderWith({ 'net.onnx': bytes('light_bvlc_alexnet.onnx') });
    const order = await orderFor(folder, [modelTest('net.onnx', { requireGoldens: false, maxMemoryMb: 256 })]);
    expect(await runSmokeTests(order)).toMatchObject({ ok: false, refused: { category: 'too_much_memory' } });
  });

  test('an older policy under a newer release is refused by its goldens', async () => {
    const folder = folderWith({
      'policy.onnx': bytes('lite3_ppo_v4.onnx'),
      'golden.json': bytes('lite3_ppo_v5.golden.json'),
    });
    const result = await runSmokeTests(await orderFor(folder, [modelTest('policy.onnx', { goldens: 'golden.json' })]));
    expect(result).toMatchObject({ ok: false, refused: { category: 'golden_mismatch', component: 'duck-policy' } });
  });

  test('goldens made from a model agree with those computed elsewhere', async () => {
    const folder = folderWith({ 'policy.onnx': bytes('lite3_ppo_v6.onnx') });
    const reference = parse(GoldenFile, JSON.parse(bytes('lite3_ppo_v6.golden.json').toString()));
    const cases = reference.ok ? reference.value.cases : [];
    const made = await makeGoldens({ folder, path: path('policy.onnx'), inputs: { cases } });
    expect(filesOf(folder)).toHaveLength(1);
    const answers = made.ok ? made.value.goldens.cases.flatMap(({ outputs }) => outputs['actions']?.data ?? []) : [];
    const expected = cases.flatMap(({ outputs }) => outputs['actions']?.data ?? []);
    expect(answers).toHaveLength(60);
    for (const [at, value] of answers.entries()) expect(value).toBeCloseTo(Number(expected[at]), 3);
  });
});
