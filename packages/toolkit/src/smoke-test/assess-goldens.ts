/** What the goldens of a release prove, for its author: asked at build, after the models have passed them. */
import type { Result } from '@fairlead/shared/failure';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import type { Finding } from './findings.ts';
import { limitsOf } from './limits.ts';
import type { ChildMessage, Mutants, Weakness } from './model-protocol.ts';
import { runModelChild } from './run-model-child.ts';
import { plan } from './run-smoke-tests.ts';
import type { SmokeTestOrder } from './smoke-test.ts';
import { goldensOf } from './test-one-model.ts';

export interface GoldenAssessment {
  readonly model: string;
  readonly weaknesses: readonly Weakness[];
  readonly mutants: Mutants;
  /** Why not everything could be tried. */
  readonly incomplete?: string;
}

/** One assessment for each smoke test of a model. Never refuses: the models have passed their tests before. */
export async function assessGoldens(
  order: Pick<SmokeTestOrder, 'folder' | 'manifest' | 'onProgress'>,
): Promise<readonly GoldenAssessment[]> {
  const tests = plan(order).flatMap((test) => ('onnx' in test ? [test.onnx] : []));
  const assessments: GoldenAssessment[] = [];
  for (const [done, test] of tests.entries()) {
    order.onProgress?.({ test: test.model, done, total: tests.length });
    assessments.push(await assessOne(order, test));
  }
  return assessments;
}

async function assessOne(
  { folder, manifest }: Pick<SmokeTestOrder, 'folder' | 'manifest'>,
  test: OnnxSmokeTest,
): Promise<GoldenAssessment> {
  const goldens = goldensOf(manifest, test);
  if (goldens.length === 0) {
    const detail = 'It has no goldens (requireGoldens: false): only that it runs is tested.';
    return { model: test.model, weaknesses: [{ code: 'no_goldens', detail }], mutants: NO_MUTANTS };
  }
  const { timeoutMs, maxMemoryMb } = limitsOf(test);
  const size = manifest.files.find(({ path }) => path === test.model)?.size ?? 0;
  const said: ChildMessage[] = [];
  const run = await runModelChild(
    { task: 'assess', folder, model: test.model, files: [...manifest.files], test, goldens, trialMs: timeoutMs },
    // A mutant is a copy of the model, loaded beside it.
    {
      timeoutMs: 2 * timeoutMs,
      maxMemoryMb: 2 * maxMemoryMb + Math.ceil((4 * size) / 2 ** 20),
      onMessage: (message) => said.push(message),
    },
  );
  return assessmentOf(test.model, said, run);
}

const NO_MUTANTS: Mutants = { tried: 0, missed: [] };

/** What the child found out about the goldens, as far as it came. */
export const assessmentOf = (
  model: string,
  said: readonly ChildMessage[],
  run: Result<unknown, Finding>,
): GoldenAssessment => ({
  model,
  weaknesses: said.flatMap((message) => (message.kind === 'weaknesses' ? message.found : [])),
  mutants: said.find((message) => message.kind === 'mutants')?.mutants ?? NO_MUTANTS,
  ...(!run.ok && { incomplete: run.refused.detail }),
});
