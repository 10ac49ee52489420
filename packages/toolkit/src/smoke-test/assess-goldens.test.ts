import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { describe, expect, test } from 'vitest';
import { makePolicy } from '../../../../scripts/policies/make-policy.ts';
import { model, node, tensor, value } from '../../../../scripts/policies/onnx-writer.ts';
import { assessGoldens } from './assess-goldens.ts';
import { makeGoldens } from './make-goldens.ts';
import { folderWith } from './testing/folder-with.ts';
import { modelTest, orderFor } from './testing/order-for.ts';

const policy = makePolicy({ seed: 7, externalData: 'policy.onnx.data' });
const WITH_GOLDENS = { goldens: 'goldens/*.json' };

async function assess(files: Parameters<typeof folderWith>[0], more: Omit<OnnxSmokeTest, 'model'> = WITH_GOLDENS) {
  const folder = folderWith({ 'policy.onnx': policy.model, 'policy.onnx.data': policy.weights, ...files });
  const [assessment] = await assessGoldens(await orderFor(folder, [modelTest('policy.onnx', more)]));
  return assessment;
}

describe('the goldens of a policy are tried on wrong models', () => {
  test('and good ones notice each of them, weights in another file included', async () => {
    // Three layers zeroed, six pairs of eight actions swapped, six signs flipped.
    expect(await assess({ 'goldens/walk.json': policy.goldens })).toEqual({
      model: 'policy.onnx',
      weaknesses: [],
      mutants: { tried: 15, missed: [] },
    });
  });

  test('and the wrong models that they do not notice are named', async () => {
    const loose = { ...WITH_GOLDENS, outputs: { actions: { atol: 2 } } };
    const assessment = await assess({ 'goldens/walk.json': policy.goldens }, loose);
    expect(assessment?.weaknesses.map(({ code }) => code)).toEqual(['wide_tolerance']);
    expect(assessment?.mutants).toMatchObject({
      tried: 15,
      missed: expect.arrayContaining([
        'weights "w0" zeroed',
        'weights "w2" zeroed',
        'values 0 and 1 of output "actions" swapped',
        'sign of value 0 of output "actions" flipped',
      ]),
    });
  });

  test('and a model without goldens is reported', async () => {
    expect(await assess({}, { requireGoldens: false })).toMatchObject({
      weaknesses: [{ code: 'no_goldens' }],
      mutants: { tried: 0 },
    });
  });

  test('and weights that no node uses, or that are zero, make no wrong model', async () => {
    const weights = (name: string, fill: number) => tensor(name, [2, 2], new Float32Array(4).fill(fill));
    const linear = model({
      nodes: [node('MatMul', ['x', 'w'], ['h']), node('Add', ['h', 'zero'], ['y'])],
      weights: [weights('w', 2), weights('zero', 0), weights('unused', 3)],
      inputs: [value('x', [2, 2])],
      outputs: [value('y', [2, 2])],
    });
    const tensors = (data: number[]) => ({ type: 'float32' as const, dims: [2, 2], data });
    const inputs = {
      cases: [
        { case: 'a', inputs: { x: tensors([1, 2, 3, 4]) } },
        { case: 'b', inputs: { x: tensors([-1, 5, 2, 2]) } },
      ],
    };
    const made = await makeGoldens({ folder: folderWith({ 'm.onnx': linear }), path: 'm.onnx', inputs });
    // Both columns of the answer are equal: swapped, they are the same answer.
    expect(made.ok && made.value.assessment).toEqual({
      model: 'm.onnx',
      weaknesses: [],
      mutants: { tried: 4, missed: ['values 0 and 1 of output "y" swapped'] },
    });
  });
});
