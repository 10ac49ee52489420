import type { GoldenCase } from '@fairlead/shared/release/golden';

/** Fewer elements leave less garbage than a collection costs. */
const LARGE = 100_000;

/** After work on a large case: what the tester leaves behind must not count as the model's memory. */
export function collectAfter({ inputs, outputs }: Pick<GoldenCase, 'inputs' | 'outputs'>): void {
  const tensors = [...Object.values(inputs), ...Object.values(outputs)];
  if (tensors.reduce((sum, { data }) => sum + data.length, 0) > LARGE) globalThis.gc?.();
}
