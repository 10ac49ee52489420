import type { GoldenTensor } from '@fairlead/shared/release/golden';
import { type ModelContract, TENSOR_TYPES, type TensorType } from '@fairlead/shared/release/manifest';
import { expect, test } from 'vitest';
import { model, node, value } from '../../../../scripts/policies/onnx-writer.ts';
import { makeGoldens } from './make-goldens.ts';
import { runSmokeTests } from './run-smoke-tests.ts';
import { folderWith } from './testing/folder-with.ts';
import { modelTest, orderFor, path } from './testing/order-for.ts';

/** onnx.TensorProto.DataType and four values that need the whole range of the type. */
const SAMPLES: Readonly<Record<TensorType, { readonly code: number; readonly data: GoldenTensor['data'] }>> = {
  float32: { code: 1, data: [0.5, -1.5, 3.4028234663852886e38, 2 ** -149] },
  float64: { code: 11, data: [0.1, -1e300, 5e-324, 3] },
  float16: { code: 10, data: [0.5, -0.25, 65504, 2 ** -24] },
  int8: { code: 3, data: [-128, 127, 0, 1] },
  uint8: { code: 2, data: [0, 255, 1, 128] },
  int16: { code: 5, data: [-32768, 32767, 0, 1] },
  uint16: { code: 4, data: [0, 65535, 1, 32768] },
  int32: { code: 6, data: [-(2 ** 31), 2 ** 31 - 1, 0, 1] },
  uint32: { code: 12, data: [0, 2 ** 32 - 1, 1, 2 ** 31] },
  int64: { code: 7, data: ['-9223372036854775808', '9223372036854775807', 0, 1] },
  uint64: { code: 13, data: ['18446744073709551615', 0, 1, 2] },
  bool: { code: 9, data: [true, true, false, false] },
  string: { code: 8, data: ['stop', '', 'größer', 'a\nb'] },
};

const tensorOf = (type: TensorType, data: GoldenTensor['data']): GoldenTensor => ({
  type,
  dims: [1, 4],
  data: [...data],
});
const identity = (types: readonly TensorType[]): Uint8Array => {
  const values = (name: string) => types.map((type) => value(`${name}_${type}`, [1, 4], SAMPLES[type].code));
  const nodes = types.map((type) => node('Identity', [`x_${type}`], [`y_${type}`]));
  return model({ nodes, inputs: values('x'), outputs: values('y') });
};
const contractOf = (types: readonly TensorType[]): ModelContract => {
  const values = (name: string) => types.map((type) => ({ name: `${name}_${type}`, dtype: type, shape: [1, 4] }));
  return {
    path: path('m.onnx'),
    inputs: values('x'),
    outputs: values('y'),
    opsets: { 'ai.onnx': 18 },
    externalData: [],
  };
};

test.each(TENSOR_TYPES)(
  'a model whose input and output are %s is tested on values of the whole range',
  async (type) => {
    const { data } = SAMPLES[type];
    const cases = [data, data.toReversed()].map((values, at) => ({
      case: `case ${at}`,
      inputs: { [`x_${type}`]: tensorOf(type, values) },
      outputs: { [`y_${type}`]: tensorOf(type, values) },
    }));
    const folder = folderWith({ 'm.onnx': identity([type]), 'golden.json': { cases } });
    const inputs = { cases: cases.map((one) => ({ case: one.case, inputs: one.inputs })) };
    expect(await makeGoldens({ folder, path: 'm.onnx', inputs })).toMatchObject({
      ok: true,
      value: { goldens: { cases } },
    });
    const exact = modelTest('m.onnx', { goldens: 'golden.json', rtol: 0, atol: 0 });
    const result = await runSmokeTests(await orderFor(folder, [exact], { models: [contractOf([type])] }));
    expect(result).toMatchObject({ ok: true, value: { models: [{ cases: 2 }] } });
  },
);

test('a model with inputs and outputs of every type runs on made-up inputs', async () => {
  const folder = folderWith({ 'm.onnx': identity(TENSOR_TYPES) });
  const order = await orderFor(folder, [modelTest('m.onnx', { requireGoldens: false })]);
  expect(order.manifest.models).toEqual([contractOf(TENSOR_TYPES)]);
  expect(await runSmokeTests(order)).toMatchObject({ ok: true });
});
