import type { ModelContract } from '@fairlead/shared/release/manifest';
import { expect, test } from 'vitest';
import { path } from '../testing/order-for.ts';
import { checkContract } from './check-contract.ts';

const walking: ModelContract = {
  path: path('policy.onnx'),
  inputs: [{ name: 'obs', dtype: 'float32', shape: ['batch', 45] }],
  outputs: [{ name: 'actions', dtype: 'float32', shape: ['batch', 12] }],
  opsets: { 'ai.onnx': 18 },
  externalData: [],
};
const input = (change: object) => ({ ...walking, inputs: [{ ...walking.inputs[0]!, ...change }] });

test('a model that keeps every promise is accepted, whatever its exporter called a free dimension', () => {
  expect(checkContract(walking, walking)).toBeUndefined();
  expect(checkContract(input({ shape: ['N', 45] }), walking)).toBeUndefined();
});

test.each([
  ['another input width', input({ shape: ['batch', 48] })],
  ['another rank', input({ shape: [45] })],
  ['a fixed batch where any was promised', input({ shape: [1, 45] })],
  ['another element type', input({ dtype: 'float64' })],
  ['a renamed input', input({ name: 'observation' })],
  ['an input more', { ...walking, inputs: [...walking.inputs, { name: 'clock', dtype: 'float32', shape: [] }] }],
  ['no output', { ...walking, outputs: [] }],
  ['another operator set', { ...walking, opsets: { 'ai.onnx': 11 } }],
  ['weights nobody spoke of', { ...walking, externalData: [path('extra.bin')] }],
] as const)('a model with %s is refused', (_, found) => {
  expect(checkContract(found as ModelContract, walking)).toMatchObject({ category: 'contract_mismatch' });
});
