/** Proves the model against its goldens: the one check that tells a good model from a plausible one. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { GoldenCase } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { type Finding, finding } from '../findings.ts';
import { type Answer, ask, toFeeds } from './ask.ts';
import { digestOf } from './case-digest.ts';
import { collectAfter } from './collect-garbage.ts';
import { compare, largestExpected, toleranceOf } from './compare.ts';
import { allowsNonFinite, expectedValues } from './expected-values.ts';
import type { ProvenCase } from './measure-latency.ts';
import type { OpenModel } from './open-model.ts';
import { isFloat, type Value } from './tensor-codec.ts';

/** Returns every case with the answer that was compared with its golden, for the latency runs. */
export async function checkGoldens(
  model: OpenModel,
  test: OnnxSmokeTest,
  cases: readonly GoldenCase[],
  doing: (what: string) => void,
): Promise<Result<readonly ProvenCase[], Finding>> {
  const dull = exercises(model, cases);
  return dull ? refuse(dull) : checkCases(model, test, cases, doing);
}

/** Whether the model answers every case as expected; with the answer to every case. */
export async function checkCases(
  model: OpenModel,
  test: OnnxSmokeTest,
  cases: readonly GoldenCase[],
  doing: (what: string) => void,
): Promise<Result<readonly ProvenCase[], Finding>> {
  const proven: ProvenCase[] = [];
  const largest = new Map(model.contract.outputs.map(({ name }) => [name, largestExpected(cases, name)]));
  for (const [done, golden] of cases.entries()) {
    const who = `golden "${golden.case}"`;
    doing(`running ${who} (${done} of ${cases.length} cases done)`);
    const feeds = toFeeds(model, golden.inputs);
    if (!feeds.ok) return refuse(finding(feeds.refused.category, test.model, `${who}: ${feeds.refused.why}.`));
    const expected = expectedValues(test, who, golden);
    if (!expected.ok) return expected;
    const nonFinite = [...expected.value.keys()].filter((name) => allowsNonFinite(test, name));
    const answer = await ask(model, who, feeds.value, nonFinite);
    if (!answer.ok) return answer;
    const wrong =
      checkAnswer(test, who, golden, expected.value, answer.value, largest) ?? checkRange(test, who, answer.value);
    if (wrong) return refuse(wrong);
    proven.push({ name: who, feeds: feeds.value, tensors: answer.value.tensors });
    collectAfter(golden);
  }
  return accept(proven);
}

/** Why these goldens prove too little, or undefined. */
function exercises({ contract }: OpenModel, cases: readonly GoldenCase[]): Finding | undefined {
  const { path, outputs } = contract;
  const silent = outputs.find(({ name }) => !cases.some((one) => Object.hasOwn(one.outputs, name)));
  if (silent) return finding('golden_mismatch', path, `No golden says what output "${silent.name}" must be.`);
  const distinct = (side: 'inputs' | 'outputs') => new Set(cases.map((one) => digestOf(one, side))).size;
  // A model that ignores its inputs would pass goldens that always expect the same.
  if (distinct('inputs') === 1 || distinct('outputs') > 1) return undefined;
  return finding('golden_invalid', path, 'All goldens expect the same outputs for different inputs.');
}

/** `largest` magnitudes that the goldens expect, by output. */
function checkAnswer(
  test: OnnxSmokeTest,
  who: string,
  golden: GoldenCase,
  wanted: ReadonlyMap<string, readonly Value[]>,
  answer: Answer,
  largest: ReadonlyMap<string, number>,
): Finding | undefined {
  for (const [name, expected] of Object.entries(golden.outputs)) {
    const tensor = Object.hasOwn(answer.tensors, name) ? answer.tensors[name] : undefined;
    const say = (detail: string) => finding('golden_mismatch', test.model, `${who}: output "${name}" ${detail}.`);
    if (!tensor) return say('does not exist');
    if (tensor.type !== expected.type) return say(`is ${tensor.type}, expected ${expected.type}`);
    if (`${tensor.dims}` !== `${expected.dims}`) return say(`has dims [${tensor.dims}], expected [${expected.dims}]`);
    const [got, want] = [answer.values[name] ?? [], wanted.get(name) ?? []];
    const tolerance = toleranceOf(test, name, tensor.type, largest.get(name) ?? 0);
    const difference = compare(got, want, tolerance);
    if (!difference) continue;
    const { wrong, of, first } = difference;
    return say(
      `differs in ${wrong} of ${of} values, first at [${first}]: ${got[first]}, expected ${want[first]} (rtol ${tolerance.rtol}, atol ${tolerance.atol})`,
    );
  }
  return undefined;
}

/** Action limits hold for every answer, golden or not; where an output may be non-finite, for its finite values. */
export function checkRange(test: OnnxSmokeTest, who: string, answer: Answer): Finding | undefined {
  for (const [name, { min, max, nonFinite }] of Object.entries(test.outputs ?? {})) {
    const values = Object.hasOwn(answer.values, name) ? answer.values[name] : undefined;
    if (!values)
      return finding('golden_invalid', test.model, `release.yaml limits output "${name}", which does not exist.`);
    if (!isFloat(answer.tensors[name]?.type ?? '') && typeof values[0] === 'string') continue;
    for (const [index, value] of values.entries()) {
      const at = Number(value);
      if (nonFinite === 'allow' && !Number.isFinite(at)) continue;
      if ((min === undefined || at >= min) && (max === undefined || at <= max)) continue;
      const range = `${min ?? '-∞'} to ${max ?? '∞'}`;
      return finding('out_of_range', test.model, `${who}: output "${name}"[${index}] is ${at}, allowed is ${range}.`);
    }
  }
  return undefined;
}
