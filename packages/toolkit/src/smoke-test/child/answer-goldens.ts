/** The outputs of one golden case: asks the model and writes down what it answers. */
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
): Promise<Result<GoldenCase['outputs'], Finding>> {
  const feeds = toFeeds(model, inputs);
  if (!feeds.ok) return refuse(finding('input_mismatch', `case "${name}"`, `Case "${name}": ${feeds.refused.why}.`));
  const answer = await ask(model, `case "${name}"`, feeds.value);
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
