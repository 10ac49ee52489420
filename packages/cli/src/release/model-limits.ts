import type { OnnxSmokeTest, ReleaseYaml } from '@fairlead/shared/release/release-yaml';

export type ModelLimits = Pick<OnnxSmokeTest, 'timeoutSec' | 'maxMemoryMb'>;

/**
 * What every tested model may cost while it is looked at, by path: what its smoke test allows it, or a large model
 * could be proven but not built. Of several tests of one model the most generous counts.
 */
export function modelLimits({ smokeTests = [] }: Pick<ReleaseYaml, 'smokeTests'>): ReadonlyMap<string, ModelLimits> {
  const limits = new Map<string, ModelLimits>();
  for (const test of smokeTests) {
    if (!('onnx' in test)) continue;
    const { model, timeoutSec, maxMemoryMb } = test.onnx;
    const before = limits.get(model);
    limits.set(model, {
      ...larger('timeoutSec', before?.timeoutSec, timeoutSec),
      ...larger('maxMemoryMb', before?.maxMemoryMb, maxMemoryMb),
    });
  }
  return limits;
}

/** Absent where neither says anything: the default stays the default. */
const larger = <K extends keyof ModelLimits>(limit: K, ...said: readonly (number | undefined)[]): ModelLimits => {
  const numbers = said.filter((number) => number !== undefined);
  return numbers.length === 0 ? {} : { [limit]: Math.max(...numbers) };
};
