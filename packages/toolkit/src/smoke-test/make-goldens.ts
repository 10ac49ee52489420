/** `fairlead release golden`: asks a model the author's own inputs and writes its answers down. */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { GoldenFile, GoldenInputs } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { assessmentOf, type GoldenAssessment } from './assess-goldens.ts';
import { finding, toRefusal } from './findings.ts';
import { limitsOf } from './limits.ts';
import type { ChildMessage } from './model-protocol.ts';
import { runModelChild } from './run-model-child.ts';

export interface MadeGoldens {
  readonly goldens: GoldenFile;
  readonly assessment: GoldenAssessment;
}

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
  /** With which the goldens will be compared. */
  readonly tolerance?: Pick<OnnxSmokeTest, 'rtol' | 'atol'>;
}): Promise<Result<MadeGoldens, Refusal>> {
  const model = parse(ReleasePath, order.path);
  if (!model.ok)
    return refuse(toRefusal(finding('file_missing', order.path, 'It is no path inside a release.'), 'build'));
  // Extra keys of the author's inputs (recorded outputs, notes) stay out of the protocol.
  const inputs = { cases: order.inputs.cases.map((one) => ({ case: one.case, inputs: one.inputs })) };
  const said: ChildMessage[] = [];
  const limits = limitsOf(order.limits ?? {});
  const { folder } = order;
  const nonFinite = [...(order.nonFinite ?? [])];
  const outputs = Object.fromEntries(nonFinite.map((name) => [name, { nonFinite: 'allow' as const }]));
  const test = { model: model.value, outputs, ...order.tolerance };
  const run = await runModelChild(
    { task: 'make-goldens', folder, model: model.value, inputs, nonFinite, test, trialMs: limits.timeoutMs / 2 },
    { ...limits, onMessage: (message) => said.push(message) },
  );
  const answers = said.flatMap((message) => (message.kind === 'golden' ? [message.outputs] : []));
  const cases = inputs.cases.flatMap((one, index) => {
    const outputs = answers[index];
    return outputs ? [{ ...one, outputs }] : [];
  });
  if (cases.length === inputs.cases.length) {
    return accept({ goldens: { cases }, assessment: assessmentOf(order.path, said, run) });
  }
  if (!run.ok) return refuse(toRefusal(run.refused, 'build'));
  return refuse(toRefusal(finding('crashed', order.path, 'Its process ended without all answers.'), 'build'));
}
