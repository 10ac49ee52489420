/** `fairlead release golden`: an author's inputs and a model become a golden file. */
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { type MadeGoldens, makeGoldens } from '@fairlead/toolkit/smoke-test/make-goldens';
import { CliError, EXIT } from '../cli-error.ts';
import { readGoldenInputs } from './golden-inputs.ts';
import type { ModelLimits } from './model-limits.ts';
import { sayBytes } from './say-bytes.ts';

/** What the model may cost, the tolerance with which its goldens will be compared, and outputs that may be non-finite. */
export type GoldenSettings = ModelLimits &
  Pick<OnnxSmokeTest, 'rtol' | 'atol'> & { readonly nonFinite?: readonly string[] };

/** Throws a CliError where the inputs are not of the right form, or the model cannot be part of a release. */
export async function makeGoldenFile(
  model: string,
  inputsFile: string,
  { rtol, atol, nonFinite = [], ...limits }: GoldenSettings = {},
): Promise<Result<MadeGoldens, Refusal>> {
  const path = resolve(model);
  await checkModelPath(path);
  const inputs = await readGoldenInputs(inputsFile);
  const tolerance = { ...(rtol !== undefined && { rtol }), ...(atol !== undefined && { atol }) };
  const made = await makeGoldens({ folder: dirname(path), path: basename(path), inputs, nonFinite, limits, tolerance });
  if (made.ok || !COST.has(made.refused.category)) return made;
  const { size } = await stat(inputsFile);
  const hint = `Raise --timeout-sec (default 20) or --max-memory-mb (default 1024), or use fewer cases: the inputs have ${sayBytes(size)}.`;
  return refuse({ ...made.refused, hint });
}

/** Refusals that larger limits may turn into an answer. */
const COST: ReadonlySet<string> = new Set(['timed_out', 'too_much_memory', 'too_large']);

async function checkModelPath(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    const what = found === undefined ? 'There is no such model file.' : 'The model is not a file.';
    throw new CliError(what, { where: path, hint: 'Give the path of the .onnx file.', exitCode: EXIT.usage });
  }
  if (parse(ReleasePath, basename(path)).ok) return;
  throw new CliError('A file of this name cannot be part of a release, so no goldens are made for it.', {
    where: path,
    hint: 'Rename the model: only letters, digits and . _ + @ - are allowed.',
    exitCode: EXIT.usage,
  });
}
