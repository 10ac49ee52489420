/** One `onnx` entry of the smoke tests. */
import { matchesGlob } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { ReleasePath } from '@fairlead/shared/ids';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { type Finding, finding } from './findings.ts';
import { limitsOf } from './limits.ts';
import { runModelChild } from './run-model-child.ts';
import type { ModelFigures, SmokeTestOrder } from './smoke-test.ts';

const globsOf = ({ goldens }: OnnxSmokeTest): readonly string[] => [goldens ?? []].flat();

/** The golden files of a test, in the order of the manifest. */
export const goldensOf = ({ files }: Pick<SmokeTestOrder['manifest'], 'files'>, test: OnnxSmokeTest): ReleasePath[] =>
  files.map(({ path }) => path).filter((path) => globsOf(test).some((glob) => matchesGlob(path, glob)));

export async function testOneModel(order: SmokeTestOrder, test: OnnxSmokeTest): Promise<Result<ModelFigures, Finding>> {
  const { folder, manifest, confine, signal } = order;
  const contract = manifest.models.find(({ path }) => path === test.model);
  if (!contract) return refuse(finding('contract_mismatch', test.model, 'The manifest knows no model of this name.'));
  const globs = globsOf(test);
  const goldens = goldensOf(manifest, test);
  if (goldens.length === 0 && (globs.length > 0 || test.requireGoldens !== false)) {
    const detail =
      globs.length > 0 ? `No file of the release matches ${globs.join(', ')}.` : 'It ships without goldens.';
    return refuse(finding('golden_missing', test.model, detail));
  }
  const limits = limitsOf(test);
  // What it may read, and no more: twenty thousand other files would count as memory of the model.
  const readable = new Set<string>([test.model, ...contract.externalData, ...goldens]);
  const files = manifest.files.filter(({ path }) => readable.has(path));
  const run = await runModelChild(
    { task: 'test', folder, model: test.model, files, contract, test, goldens },
    { ...limits, confine, signal },
  );
  if (!run.ok) return run;
  const passed = run.value.said.find((message) => message.kind === 'passed');
  if (!passed) return refuse(finding('crashed', test.model, 'Its process ended without a verdict.'));
  const peakMemoryMb = Math.max(passed.figures.peakMemoryMb - run.value.excludedMb, run.value.peakMb);
  if (peakMemoryMb > limits.maxMemoryMb) {
    return refuse(
      finding('too_much_memory', test.model, `It took ${peakMemoryMb} MiB; allowed are ${limits.maxMemoryMb} MiB.`),
    );
  }
  return accept({ model: test.model, ...passed.figures, peakMemoryMb });
}
