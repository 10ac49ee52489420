/** `fairlead release golden`: an author's inputs and a model become a golden file. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Refusal, Result } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { type GoldenFile, GoldenInputs } from '@fairlead/shared/release/golden';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { makeGoldens } from '@fairlead/toolkit/smoke-test/make-goldens';
import { CliError, EXIT } from '../cli-error.ts';

/** Throws a CliError where the inputs are not of the right form. */
export async function makeGoldenFile(model: string, inputsFile: string): Promise<Result<GoldenFile, Refusal>> {
  const inputs = await readInputs(inputsFile);
  const path = resolve(model);
  return makeGoldens({ folder: dirname(path), path: basename(path), inputs });
}

async function readInputs(file: string): Promise<GoldenInputs> {
  const json = parseStrictJson(await readFile(file), { floats: true });
  if (!json.ok) throw wrong(file, [`It is not JSON: ${json.refused.detail}.`]);
  const inputs = parse(GoldenInputs, json.value);
  if (inputs.ok) return inputs.value;
  throw wrong(
    file,
    inputs.refused.map(({ at, message }) => `${at || '/'}: ${message}`),
  );
}

const wrong = (file: string, mistakes: readonly string[]): CliError =>
  new CliError('The inputs are not of the right form:', {
    mistakes,
    where: file,
    hint: '{"cases": [{"case": "standing", "inputs": {"obs": {"type": "float32", "dims": [1, 2], "data": [0.1, -0.2]}}}]}',
    exitCode: EXIT.usage,
  });
