import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePolicy } from '../../../../../scripts/policies/make-policy.ts';
import { folderWith } from '../testing/folder-with.ts';
import { path } from '../testing/order-for.ts';
import { checkGoldens } from './check-goldens.ts';
import { inspect } from './inspect.ts';
import { type OpenModel, openModel } from './open-model.ts';
import { readGoldens } from './read-goldens.ts';

// An honest little policy of our own is safe to open in this process.
const policy = makePolicy({ seed: 3 });
const [first, second] = policy.goldens.cases;
let model: OpenModel;
beforeAll(async () => {
  const order = { folder: folderWith({ 'policy.onnx': policy.model }), model: 'policy.onnx' };
  const inspected = await inspect(order);
  const opened = inspected.ok ? await openModel(order.folder, order.model, inspected.value) : inspected;
  if (!opened.ok) throw new Error(opened.refused.detail);
  model = opened.value;
});
afterAll(() => model.session.release());

/** What a release with these cases in its golden file gets. */
async function verdict(cases: unknown, more: Omit<OnnxSmokeTest, 'model'> = {}) {
  const text = typeof cases === 'string' ? cases : JSON.stringify({ cases, producer: 'a test' });
  const read = await readGoldens({ folder: folderWith({ 'golden.json': text }) }, ['golden.json']);
  const checked = read.ok
    ? await checkGoldens(model, { model: path('policy.onnx'), ...more }, read.value, () => undefined)
    : read;
  return checked.ok ? 'passed' : checked.refused.category;
}
const changed = (change: object) => [{ ...first, ...change }];
const obs = (change: object) => changed({ inputs: { obs: { ...first?.inputs['obs'], ...change } } });

test('goldens computed in float64 are passed', async () => {
  expect(await verdict(policy.goldens.cases)).toBe('passed');
});

test.each([
  ['leave an input out', changed({ inputs: {} })],
  ['misspell an input', changed({ inputs: { ...first?.inputs, obz: first?.inputs['obs'] } })],
  ['feed another shape', obs({ dims: [24] })],
  ['claim a trillion elements', obs({ dims: [1_000_000, 1_000_000] })],
  ['feed another type', obs({ type: 'float64' })],
  [
    'expect an output the model does not have',
    changed({ outputs: { ...first?.outputs, torques: first?.outputs['actions'] } }),
  ],
  ['say nothing about an output', changed({ outputs: {} })],
  ['expect the answer to another question', changed({ outputs: second?.outputs })],
])('goldens that %s were made for another model', async (_, cases) => {
  expect(await verdict(cases)).toBe('golden_mismatch');
});

test.each([
  ['hold too few numbers', obs({ data: [1, 2, 3] })],
  ['hold text for a number', obs({ data: Array.from({ length: 24 }, () => '1') })],
  ['have unknown keys', changed({ tolerance: 1 })],
  ['are no JSON', 'NaN'],
  ['are empty', ''],
  ['have no cases', '{"cases":[]}'],
  ['are nested without end', '['.repeat(1_000_000)],
  ['always expect the same', [first, { ...second, outputs: first?.outputs }]],
])('goldens that %s are no proof', async (_, cases) => {
  expect(await verdict(cases)).toBe('golden_invalid');
});

test('goldens may begin with a byte order mark', async () => {
  expect(await verdict(`\uFEFF${JSON.stringify(policy.goldens)}`)).toBe('passed');
});

test('every name is a name, also one that every JavaScript object has', async () => {
  const outputs = { ...first?.outputs, toString: first?.outputs['actions'] };
  expect(await verdict(changed({ outputs }))).toBe('golden_mismatch');
  expect(await verdict(policy.goldens.cases, { outputs: { constructor: { max: 1 } } })).toBe('golden_invalid');
});

test('goldens that cannot be read are a refusal', async () => {
  expect(await readGoldens({ folder: '/nowhere' }, ['golden.json'])).toMatchObject({
    ok: false,
    refused: { category: 'file_missing' },
  });
});

test('a limit on an output the model does not have is told, not ignored', async () => {
  expect(await verdict(policy.goldens.cases, { outputs: { torques: { max: 1 } } })).toBe('golden_invalid');
  expect(await verdict(policy.goldens.cases, { outputs: { actions: { min: 0.9 } } })).toBe('out_of_range');
});
