/** Goldens that prove little or nothing, found from the goldens alone. */
import type { GoldenCase, GoldenTensor } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import type { Weakness } from '../model-protocol.ts';
import { digestOf } from './case-digest.ts';
import { largestExpected, type Tolerance, toleranceOf } from './compare.ts';

type Element = GoldenTensor['data'][number];

/** Every weakness, one sentence each; `outputs` are those of the model. */
export function weaknessesOf(
  test: OnnxSmokeTest,
  cases: readonly GoldenCase[],
  outputs: readonly string[],
): readonly Weakness[] {
  const found: Weakness[] = [];
  const add = (code: Weakness['code'], detail: string): void => void found.push({ code, detail: detail.slice(0, 500) });
  if (cases.length === 1) add('one_case', 'There is only one case: a model that always answers the same passes it.');
  const twice = repeated(cases);
  if (twice) add('same_case_twice', `The cases "${twice[0]}" and "${twice[1]}" feed the same inputs.`);
  const fed = cases.flatMap(({ inputs }) => Object.values(inputs).filter(({ data }) => data.length > 0));
  if (fed.length > 0 && fed.every(({ data }) => data.every(isZero))) {
    add('zero_inputs', 'All inputs are zero: they hide every weight that is multiplied with them.');
  }
  const columns = outputs.map((output) => columnOf(test, cases, output));
  for (const { output, tensors, tolerance } of columns) {
    if (tensors.every(({ data }) => data.length === 0)) {
      add('nothing_compared', `Nothing of output "${output}" is compared: it has no elements in any case.`);
    } else if (hides(tolerance, tensors)) {
      const { rtol, atol } = tolerance;
      const text = `rtol ${rtol}, atol ${atol}`;
      add('wide_tolerance', `The tolerance of output "${output}" (${text}) is larger than its values: zeros pass.`);
    }
  }
  const named = found.filter(({ code }) => code === 'nothing_compared' || code === 'wide_tolerance').length;
  // Where that is so for every output, a constant model passes as well: once is enough.
  if (cases.length > 1 && named < columns.length && columns.every(isConstant)) {
    add('constant_passes', 'A model that ignores its inputs and always answers the same would pass.');
  }
  return found;
}

interface Column {
  readonly output: string;
  readonly tensors: readonly GoldenTensor[];
  readonly tolerance: Tolerance;
}

function columnOf(test: OnnxSmokeTest, cases: readonly GoldenCase[], output: string): Column {
  const tensors = cases.flatMap(({ outputs }) => (Object.hasOwn(outputs, output) ? (outputs[output] ?? []) : []));
  const type = tensors[0]?.type ?? 'float32';
  return { output, tensors, tolerance: toleranceOf(test, output, type, largestExpected(cases, output)) };
}

/** The names of two cases with the same inputs. */
function repeated(cases: readonly GoldenCase[]): readonly [string, string] | undefined {
  const names = new Map<string, string>();
  for (const one of cases) {
    const { case: name } = one;
    const digest = digestOf(one, 'inputs');
    const before = names.get(digest);
    if (before !== undefined) return [before, name];
    names.set(digest, name);
  }
  return undefined;
}

const isZero = (element: Element): boolean => Number(element) === 0;

/** Whether an answer of zeros passes, although the goldens expect something else. */
function hides({ rtol, atol }: Tolerance, tensors: readonly GoldenTensor[]): boolean {
  const within = (want: Element): boolean => Math.abs(Number(want)) <= atol + rtol * Math.abs(Number(want));
  return tensors.every(({ data }) => data.every(within)) && !tensors.every(({ data }) => data.every(isZero));
}

/** Whether one answer lies within the tolerance of every case. */
function isConstant({ tensors, tolerance }: Column): boolean {
  const [first, ...others] = tensors;
  if (!first || others.some(({ dims }) => `${dims}` !== `${first.dims}`)) return false;
  return first.data.every((_, index) =>
    meets(
      tensors.map(({ data }) => data[index]),
      tolerance,
    ),
  );
}

function meets(wanted: readonly (Element | undefined)[], { rtol, atol }: Tolerance): boolean {
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const want of wanted) {
    if (typeof want !== 'number') return wanted.every((other) => String(other) === String(want));
    const allowed = atol + rtol * Math.abs(want);
    low = Math.max(low, want - allowed);
    high = Math.min(high, want + allowed);
  }
  return low <= high;
}
