import type { GoldenCase } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { describe, expect, test } from 'vitest';
import { path } from '../testing/order-for.ts';
import { weaknessesOf } from './weak-goldens.ts';

type Element = number | string | boolean;
/** Cases by the values they feed and expect, and the codes of their weaknesses. */
function codesOf(cases: readonly (readonly [Element[], Element[]])[], more: Omit<OnnxSmokeTest, 'model'> = {}) {
  const float = (data: Element[]) => ({ type: 'float32' as const, dims: [1, data.length], data });
  const goldens: GoldenCase[] = cases.map(([obs, actions], at) => ({
    case: `case ${at}`,
    inputs: { obs: float(obs) },
    outputs: { actions: float(actions) },
  }));
  return weaknessesOf({ model: path('policy.onnx'), ...more }, goldens, ['actions']).map(({ code }) => code);
}

test('goldens with several cases, inputs and answers have no weakness', () => {
  const cases = [[[1, 2], [0.5]] as const, [[-1, 3], [-0.5]] as const];
  expect(codesOf(cases.map(([a, b]) => [[...a], [...b]]))).toEqual([]);
});

describe('goldens that prove nothing are found', () => {
  test('one case only', () => {
    expect(codesOf([[[1], [0.5]]])).toEqual(['one_case']);
  });
  test('inputs that are all zero', () => {
    expect(
      codesOf([
        [[0], [0.5]],
        [[0, 0], [1.5]],
      ]),
    ).toEqual(['zero_inputs']);
    expect(
      codesOf([
        [[0], [0.5]],
        [[0.1], [1.5]],
      ]),
    ).toEqual([]);
  });
  test('the same case twice', () => {
    expect(
      codesOf([
        [[1], [0.5]],
        [[2], [1]],
        [[1], [0.5]],
      ]),
    ).toEqual(['same_case_twice']);
  });
  test('nothing compared, because the batch is empty', () => {
    expect(
      codesOf([
        [[], []],
        [[1], []],
      ]),
    ).toEqual(['nothing_compared']);
  });
  test('a tolerance larger than the values', () => {
    expect(
      codesOf([
        [[1], [0.00005]],
        [[2], [-0.00009]],
      ]),
    ).toEqual(['wide_tolerance']);
    expect(
      codesOf(
        [
          [[1], [1, 0]],
          [[2], [3, 0]],
        ],
        { rtol: 1 },
      ),
    ).toEqual(['wide_tolerance']);
    expect(
      codesOf(
        [
          [[1], [3]],
          [[2], [-2]],
        ],
        { outputs: { actions: { atol: 3 } } },
      ),
    ).toContain('wide_tolerance');
  });
  test('answers so alike that a constant model would pass', () => {
    expect(
      codesOf([
        [[1], [5]],
        [[2], [5.004]],
        [[3], [4.998]],
      ]),
    ).toEqual(['constant_passes']);
    expect(
      codesOf([
        [[1], [5]],
        [[2], [5.02]],
      ]),
    ).toEqual([]);
  });
});
