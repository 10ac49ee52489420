/** The outputs of one golden case: asks the model and writes down what it answers; finite, except in `nonFinite`. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { GoldenCase, GoldenTensor } from '@fairlead/shared/release/golden';
import { type Finding, finding } from '../findings.ts';
import { ask, toFeeds } from './ask.ts';
import type { OpenModel } from './open-model.ts';
import { toGolden } from './tensor-codec.ts';

export async function answerGoldens(
  model: OpenModel,
  name: string,
  inputs: GoldenCase['inputs'],
  nonFinite: readonly string[],
): Promise<Result<GoldenCase['outputs'], Finding>> {
  const unknown = nonFinite.find((output) => !model.contract.outputs.some((found) => found.name === output));
  if (unknown !== undefined)
    return refuse(finding('golden_invalid', name, `The model has no output "${unknown}" that could be non-finite.`));
  const feeds = toFeeds(model, inputs);
  if (!feeds.ok) return refuse(finding('input_mismatch', `case "${name}"`, `Case "${name}": ${feeds.refused.why}.`));
  const answer = await ask(model, `case "${name}"`, feeds.value, nonFinite);
  if (!answer.ok) return answer;
  const outputs: [string, GoldenTensor][] = [];
  for (const { name: output } of model.contract.outputs) {
    const tensor = answer.value.tensors[output];
    const golden = tensor && toGolden(tensor);
    if (!golden)
      return refuse(finding('unsupported_type', output, `Output "${output}" cannot be written as a golden.`));
    outputs.push([output, golden]);
  }
  return accept(Object.fromEntries(outputs));
}
