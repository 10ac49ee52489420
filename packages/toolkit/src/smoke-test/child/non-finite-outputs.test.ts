import type { GoldenCase, GoldenTensor } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { model, node, tensor, value } from '../../../../../scripts/policies/onnx-writer.ts';
import { folderWith } from '../testing/folder-with.ts';
import { path } from '../testing/order-for.ts';
import { answerGoldens } from './answer-goldens.ts';
import { checkGoldens } from './check-goldens.ts';
import { inspect } from './inspect.ts';
import { type OpenModel, openModel } from './open-model.ts';

/** Adds these to four logits: an action mask. */
const masked = (mask: readonly number[]) =>
  model({
    nodes: [node('Add', ['x', 'mask'], ['logits'])],
    weights: [tensor('mask', [1, 4], Float32Array.from(mask))],
    inputs: [value('x', [1, 4])],
    outputs: [value('logits', [1, 4])],
  });
const open: OpenModel[] = [];
async function opened(mask: readonly number[]): Promise<OpenModel> {
  const folder = folderWith({ 'm.onnx': masked(mask) });
  const inspected = await inspect({ folder, model: 'm.onnx' });
  const found = inspected.ok ? await openModel(folder, 'm.onnx', inspected.value) : inspected;
  if (!found.ok) throw new Error(found.refused.detail);
  open.push(found.value);
  return found.value;
}
afterAll(async () => {
  for (const { session } of open) await session.release();
});

type Values = GoldenTensor['data'];
const floats = (data: Values): GoldenTensor => ({ type: 'float32', dims: [1, data.length], data: [...data] });
const casesOf = (...answers: readonly Values[]) =>
  answers.map((data, at) => ({
    case: `case ${at}`,
    inputs: { x: floats([1 + at, 2, 3, 4]) },
    outputs: { logits: floats(data) },
  }));
type More = Omit<OnnxSmokeTest, 'model'>;
const ALLOWED: More = { outputs: { logits: { nonFinite: 'allow' } } };
const verdict = async (against: OpenModel, cases: readonly GoldenCase[], more: More = {}) => {
  const checked = await checkGoldens(against, { model: path('m.onnx'), ...more }, cases, () => undefined);
  return checked.ok ? 'passed' : `${checked.refused.category}: ${checked.refused.detail}`;
};

describe('attack 111: a golden that is not finite, or beyond the range of its type, proves nothing', () => {
  let plain: OpenModel;
  beforeAll(async () => {
    plain = await opened([0, 0, 0, 0]);
  });

  test.each([
    ['Infinity', 'is Infinity'],
    ['-Infinity', 'is -Infinity'],
    ['NaN', 'is NaN'],
    [1e39, 'beyond the range of float32'],
    [-1e300, 'beyond the range of float32'],
    [Number.POSITIVE_INFINITY, 'beyond the range of float32'],
  ] as const)('%s is refused, whatever the tolerance', async (element, why) => {
    const cases = casesOf([1, 2, 3, 4], [2, element, 3, 4]);
    const refused = await verdict(plain, cases, { rtol: 1, atol: 1e300 });
    expect(refused).toMatch(/^golden_invalid: golden "case 1": output "logits"/);
    expect(refused).toContain(why);
  });
  test('and so is an input beyond the range of its type', async () => {
    const cases = casesOf([1, 2, 3, 4]).map((one) => ({ ...one, inputs: { x: floats([1e39, 2, 3, 4]) } }));
    expect(await verdict(plain, cases)).toMatch(/^golden_invalid: .*input "x".*beyond the range of float32/);
  });
  test('a number is beyond the range also where the release allows infinities: they are written by name', async () => {
    expect(await verdict(plain, casesOf([1, 2, 3, 1e39]), ALLOWED)).toMatch(/^golden_invalid/);
  });
});

describe('a model that masks two of four logits with -Infinity', () => {
  let masking: OpenModel;
  const answers = casesOf([1, '-Infinity', 3, '-Infinity'], [2, '-Infinity', 3, '-Infinity']);
  beforeAll(async () => {
    masking = await opened([0, -Infinity, 0, -Infinity]);
  });

  test('is refused unless release.yaml allows it for this output', async () => {
    expect(await verdict(masking, casesOf([1, 2, 3, 4]))).toMatch(/^not_finite/);
    expect(await verdict(masking, answers)).toMatch(/^golden_invalid.*nonFinite: allow/);
    expect(await verdict(masking, answers, { outputs: { other: { nonFinite: 'allow' } } })).toMatch(/^golden_invalid/);
  });
  test('passes where release.yaml allows it and its goldens expect exactly that', async () => {
    expect(await verdict(masking, answers, ALLOWED)).toBe('passed');
  });
  test('is still compared on its finite values, and held to their range', async () => {
    const other = casesOf([1, '-Infinity', 3, '-Infinity'], [2, '-Infinity', 7, '-Infinity']);
    expect(await verdict(masking, other, ALLOWED)).toMatch(/^golden_mismatch/);
    const ranged = { outputs: { logits: { nonFinite: 'allow' as const, min: 0, max: 5 } } };
    expect(await verdict(masking, answers, ranged)).toBe('passed');
    expect(await verdict(masking, answers, { outputs: { logits: { ...ranged.outputs.logits, max: 2 } } })).toMatch(
      /^out_of_range/,
    );
  });
  test.each([
    ['a number', 2],
    ['the other infinity', 'Infinity'],
    ['NaN', 'NaN'],
  ])('is refused where its golden expects %s instead, whatever the tolerance', async (_, element) => {
    const cases = casesOf([1, '-Infinity', 3, '-Infinity'], [2, element, 3, '-Infinity']);
    expect(await verdict(masking, cases, { ...ALLOWED, rtol: 1, atol: 1e300 })).toMatch(/^golden_mismatch/);
  });
  test('is refused in a case that does not say what this output must be', async () => {
    const silent = [...answers, { case: 'silent', inputs: { x: floats([9, 9, 9, 9]) }, outputs: {} }];
    expect(await verdict(masking, silent, ALLOWED)).toMatch(/^not_finite: golden "silent"/);
  });
  test('gets goldens made only where its author allows it', async () => {
    const inputs = { x: floats([1, 2, 3, 4]) };
    const { outputs } = casesOf([1, '-Infinity', 3, '-Infinity'])[0]!;
    expect(await answerGoldens(masking, 'walk', inputs, [])).toMatchObject({ refused: { category: 'not_finite' } });
    expect(await answerGoldens(masking, 'walk', inputs, ['logit'])).toMatchObject({
      refused: { category: 'golden_invalid', detail: expect.stringContaining('"logit"') },
    });
    expect(await answerGoldens(masking, 'walk', inputs, ['logits'])).toMatchObject({ ok: true, value: outputs });
  });
});

test('NaN where a golden expects NaN passes only where release.yaml allows it', async () => {
  const broken = await opened([0, 0, Number.NaN, 0]);
  const cases = casesOf([1, 2, 'NaN', 4], [2, 2, 'NaN', 4]);
  expect(await verdict(broken, cases, ALLOWED)).toBe('passed');
  expect(await verdict(broken, cases)).toMatch(/^golden_invalid/);
  expect(await verdict(broken, casesOf([1, 2, 3, 4], [2, 2, 3, 4]), ALLOWED)).toMatch(/^golden_mismatch/);
});
