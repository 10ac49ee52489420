/** `fairlead release golden`: asks a model the author's own inputs and writes its answers down. */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { GoldenFile, GoldenInputs } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { finding, toRefusal } from './findings.ts';
import { limitsOf } from './limits.ts';
import { runModelChild } from './run-model-child.ts';

/**
 * The answers must be finite (except in `nonFinite`) and repeatable to become goldens. They prove later that the model is still this
 * one on this and other machines, not that it was right to begin with: outputs from the training framework
 * are the better goldens where the author has them.
 */
export async function makeGoldens(order: {
  readonly folder: string;
  readonly path: string;
  readonly inputs: GoldenInputs;
  /** Outputs that may answer NaN or an infinity; default none. */
  readonly nonFinite?: readonly string[];
  /** Those of the model's smoke test; default 20 s, 1024 MiB. */
  readonly limits?: Pick<OnnxSmokeTest, 'timeoutSec' | 'maxMemoryMb'>;
}): Promise<Result<GoldenFile, Refusal>> {
  const model = parse(ReleasePath, order.path);
  if (!model.ok)
    return refuse(toRefusal(finding('file_missing', order.path, 'It is no path inside a release.'), 'build'));
  // Extra keys of the author's inputs (recorded outputs, notes) stay out of the protocol.
  const inputs = { cases: order.inputs.cases.map((one) => ({ case: one.case, inputs: one.inputs })) };
  const run = await runModelChild(
    { task: 'make-goldens', folder: order.folder, model: model.value, inputs, nonFinite: [...(order.nonFinite ?? [])] },
    limitsOf(order.limits ?? {}),
  );
  if (!run.ok) return refuse(toRefusal(run.refused, 'build'));
  const answers = run.value.said.flatMap((message) => (message.kind === 'golden' ? [message.outputs] : []));
  const cases = inputs.cases.flatMap((one, index) => {
    const outputs = answers[index];
    return outputs ? [{ ...one, outputs }] : [];
  });
  if (cases.length === inputs.cases.length) return accept({ cases });
  return refuse(toRefusal(finding('crashed', order.path, 'Its process ended without all answers.'), 'build'));
}
