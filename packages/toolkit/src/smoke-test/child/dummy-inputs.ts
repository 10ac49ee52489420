/**
 * Inputs made from the interface alone, only where the release says `requireGoldens: false`. They can prove
 * that a model runs and stays finite, not that it is right; models with constraints on their inputs (Silero:
 * at least two samples, a legal rate) fail on them and need goldens.
 */
import type { GoldenTensor } from '@fairlead/shared/release/golden';
import type { ModelContract, TensorContract } from '@fairlead/shared/release/manifest';

/** Two cases: zeros, and values of both signs where the type has signs. */
export const dummyInputs = ({ inputs }: ModelContract): readonly Record<string, GoldenTensor>[] =>
  [() => 0, (at: number) => Math.sin(at + 1)].map((wave) =>
    Object.fromEntries(inputs.map((input) => [input.name, dummyTensor(input, wave)])),
  );

function dummyTensor({ dtype, shape }: TensorContract, wave: (at: number) => number): GoldenTensor {
  const dims = shape.map((size) => (typeof size === 'number' ? size : 1));
  const elements = dims.reduce((product, size) => product * size, 1);
  const data = Array.from({ length: elements }, (_, at) => {
    if (dtype === 'string') return '';
    if (dtype === 'bool') return wave(at) > 0;
    return dtype.startsWith('float') ? wave(at) : Math.abs(Math.round(wave(at)));
  });
  return { type: dtype, dims, data };
}
